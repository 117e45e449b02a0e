import { type HistoryLimits, historyLimits } from "../connectors/shared/history-limits.ts";
import type { PublishOutcome, PublishResult } from "../core/connector.ts";
import { ConnectorError } from "../core/errors.ts";

/**
 * What a channel's object and the connector in a Worker tell each other. An error that crosses between
 * them keeps its text and not its class, so a `ConnectorError` travels as data.
 */
export interface Failure {
	code: ConstructorParameters<typeof ConnectorError>[0];
	message: string;
}

/** The status of a refused stream; its body is the failure. */
export const failureStatus = 503;

/** What an object's method answers. */
export type Reply<T> = T | { failure: Failure };

/** A position that an object keeps nowhere and cannot read: it answers with a gap. */
export const unknownPosition = "unknown";

/** How much the Worker wants to be kept, in a stream's query; nothing there: nothing is kept. */
export function limitsQuery({ maxLength, maxAge }: HistoryLimits): Record<string, string> {
	return { maxLength: String(maxLength), maxAge: String(maxAge) };
}

/** @throws {TypeError} when it is none of `limitsQuery`. */
export function queriedLimits(query: URLSearchParams): HistoryLimits | undefined {
	const [maxLength, maxAge] = [query.get("maxLength"), query.get("maxAge")];
	if (maxLength === null || maxAge === null) return undefined;
	return historyLimits({ maxLength: Number(maxLength), maxAge: Number(maxAge) });
}

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

/** A `PublishOutcome` whose error has become data. */
export type ToldOutcome = PublishResult | { failure: Failure };

export function toldOutcome(outcome: PublishOutcome): ToldOutcome {
	if (outcome.error === undefined) return outcome;
	const { code, message } = outcome.error;
	return { failure: { code: code as Failure["code"], message } };
}

export function outcomeFrom(told: ToldOutcome | undefined): PublishOutcome {
	if (told === undefined) {
		return { error: new ConnectorError("unavailable", "The channel's object said nothing of it.") };
	}
	if ("failure" in told) return { error: errorOf(told.failure) };
	// What an RPC returns has more to it than its fields; only these go on.
	const { receivers, id } = told;
	return id === undefined ? { receivers } : { receivers, id };
}

/** An error that crosses to the Worker as data, for it would lose its class. */
export async function told<T>(work: () => Promise<T>): Promise<Reply<T>> {
	try {
		return await work();
	} catch (error) {
		if (error instanceof ConnectorError) return { failure: failureOf(error) };
		throw error;
	}
}
