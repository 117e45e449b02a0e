import { type HistoryLimits, historyLimits } from "../connectors/shared/history-limits.ts";
import type { PublishOutcome, PublishResult } from "../core/connector.ts";
import { ConnectorError } from "../core/errors.ts";

/**
 * What a channel's object and the Worker's connector tell each other. An error that crosses
 * between them keeps its text but not its class, so a `ConnectorError` travels as data.
 */
export interface Failure {
	code: ConstructorParameters<typeof ConnectorError>[0];
	message: string;
}

/** The host of a Worker's requests to an object. Nothing looks it up. */
export const objectHost = "channel.invalid";

/** The status of a refused stream. Its body is the failure. */
export const failureStatus = 503;

/** The answer of an object's method. */
export type Reply<T> = T | { failure: Failure };

/** The answer to a publish that came after it was given up: the object's time, in ms since 1970. Nothing was done. */
export interface TooLate {
	late: number;
}

/** @param until the latest time at which a publish may be carried out. Older Workers say none. */
export function tooLate(until: number | undefined): TooLate | undefined {
	const now = Date.now();
	return until !== undefined && now > until ? { late: now } : undefined;
}

/** A position that no object keeps or can read. The answer is a gap. */
export const unknownPosition = "unknown";

/** The parameter of a stream's or a socket's query that has its guest as JSON. */
export const guestParameter = "member";

/** In a socket's query: the Worker had one before. */
export const againQuery: Record<string, string> = { again: "1" };

/** How much to keep, in a stream's query. Without it, nothing is kept. */
export function limitsQuery({ maxLength, maxAge }: HistoryLimits): Record<string, string> {
	return { maxLength: String(maxLength), maxAge: String(maxAge) };
}

/** @throws {TypeError} when `limitsQuery` did not make it. */
export function queriedLimits(query: URLSearchParams): HistoryLimits | undefined {
	const [maxLength, maxAge] = [query.get("maxLength"), query.get("maxAge")];
	if (maxLength === null || maxAge === null) return undefined;
	return historyLimits({ maxLength: Number(maxLength), maxAge: Number(maxAge) });
}

/**
 * The header of a socket's answer that holds the channel's newest position, where messages are kept. It is of the turn
 * in which the object took the socket, so that every later message comes on it.
 */
export const positionHeader = "sse-position";

/**
 * How a text on a socket begins that brings a payload, unchanged. Other texts of an object are
 * `pong` and notices.
 */
export const payloadMark = "m";

/** How a notice begins. JSON follows. */
export const noticeMark = "s";

/** The text of a notice of members. @param json of it. */
export function membersNotice(json: string): string {
	return `${noticeMark}{"members":${json}}`;
}

/** Which streams of a channel to end, and why. */
export interface Ending {
	/** Absent: all. */
	readonly client?: string;
	readonly reason: string;
	readonly final: boolean;
}

/** What an object says of a Worker's subscription. A socket that is open is a live subscription. */
export type Notice =
	| {
			/** The first notice: how many sockets the object holds, this one included. */
			sockets: number;
			/** The Worker confirms after at most this many UTF-16 code units. */
			confirm: number;
	  }
	/** Ends streams. */
	| { disconnect: Ending }
	/** The members of the channel, or those that joined and left. */
	| { members: object }
	/** Events of the object's own upstream. */
	| { lost: Failure }
	| { restored: true }
	| { end: Failure };

/** How a Worker confirms what it has read: the number of UTF-16 code units follows. */
export const receiptMark = "r";

/** A Worker's sign of life. The platform answers it without waking the object. */
export const ping = "ping";
export const pong = "pong";

/** Time between two signs of life, in ms. */
export const pingEvery = 30_000;

/** Why an object closes a socket. */
export const slowCode = 4_001;
export const silentCode = 4_002;

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
		return {
			error: new ConnectorError("unavailable", "The channel's object reported no outcome."),
		};
	}
	if ("failure" in told) return { error: errorOf(told.failure) };
	// An RPC's result has more than its fields. Only these go on.
	const { receivers, id } = told;
	return id === undefined ? { receivers } : { receivers, id };
}

/** Returns an error as data, because it would lose its class on its way to the Worker. */
export async function told<T>(work: () => Promise<T>): Promise<Reply<T>> {
	try {
		return await work();
	} catch (error) {
		if (error instanceof ConnectorError) return { failure: failureOf(error) };
		throw error;
	}
}
