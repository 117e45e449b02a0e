import type { PublishResult } from "../../connector.ts";
import { ConnectorError } from "../../errors.ts";

/**
 * What a channel's object and the connector in a Worker tell each other. An error that crosses between
 * them keeps its text and not its class, so a `ConnectorError` travels as data.
 */
export interface Failure {
	code: ConstructorParameters<typeof ConnectorError>[0];
	message: string;
}

/** The status of a refused `/payloads`; its body is the failure. */
export const failureStatus = 503;

/** What the object's `publish` answers. */
export type PublishReply = PublishResult | { failure: Failure };

/**
 * One line of `/payloads`, as JSON: a payload is a string, and what befell the object's own upstream
 * is an object. An empty line keeps the stream alive. That the answer comes at all says that the
 * subscription is live.
 */
export type Line = string | { lost: Failure } | { restored: true } | { end: Failure };

export function failureOf({ code, message }: ConnectorError): Failure {
	return { code: code as Failure["code"], message };
}

export function errorOf({ code, message }: Failure): ConnectorError {
	return new ConnectorError(code, message);
}
