import { queryOf } from "./request.ts";

/** How a request wants to read messages as JSON. */
export interface PollRequest {
	/** Messages in one answer, at most. */
	readonly limit: number;
	/** How long an answer may wait for a message, in ms. */
	readonly wait: number;
}

const mostMessages = 500;
const defaultMessages = 100;

/** In s. Many proxies close a silent request after 30 s. */
const longestWait = 25;

/** Reads `?limit=` and `?wait=`. */
export function pollRequest(request: Request): PollRequest {
	const query = queryOf(request);
	return {
		limit: Number(query.get("limit") ?? defaultMessages),
		wait: Number(query.get("wait") ?? 0) * 1_000,
	};
}

/** Names the rule that these parameters break. Undefined: none. */
export function pollProblem(request: Request): string | undefined {
	const query = queryOf(request);
	const limit = query.get("limit") ?? "1";
	if (!isWhole(limit, 1, mostMessages)) {
		return `limit: must be a whole number from 1 to ${mostMessages}.`;
	}
	if (!isWhole(query.get("wait") ?? "0", 0, longestWait)) {
		return `wait: must be a whole number of seconds from 0 to ${longestWait}.`;
	}
	return undefined;
}

function isWhole(text: string, least: number, most: number): boolean {
	return /^\d{1,3}$/.test(text) && Number(text) >= least && Number(text) <= most;
}
