import { channelProblem } from "../core/request/request.ts";

/** The channel of the run that a request names. An invalid id is the client's mistake, and raises no error here. */
export function channelAsked(prefix: string, id: string): string {
	if (typeof id === "string") return prefix + id;
	throw new TypeError("Runs: id: must be a string.");
}

/**
 * The channel of a run.
 *
 * @throws {TypeError} when the name is not a valid channel name.
 */
export function channelOf(prefix: string, id: string): string {
	if (typeof id !== "string" || id === "") {
		throw new TypeError("Runs: id: must be a string that is not empty.");
	}
	const channel = prefix + id;
	const problem = channelProblem([channel], { channels: 1 });
	if (problem === undefined) return channel;
	throw new TypeError(`Runs: id: with the prefix it is a channel's name. ${problem}`);
}
