/** How the gateway's event streams are written. Takes effect with the next event. */
export interface Behaviour {
	/** `bytes`: each byte in a chunk of its own. `joined`: all that came within 20 ms in one chunk. */
	chunks: "whole" | "bytes" | "joined";
	/** A blank line after each event. */
	blankLines: boolean;
	/** A space after `data:`. */
	space: boolean;
	lineEnd: "\n" | "\r\n" | "\r";
	/** Lines without a meaning, and a comment, before each event. */
	garbage: boolean;
	/** Swallow every event, the confirmation too, for streams that are open now or opened later. */
	silent: boolean;
	/** Before anything is done, in ms; a function is called for each request. */
	delay: number | (() => number);
	/** How long a command takes from the gateway to Redis, in ms, whether its client still waits or not. */
	lag: number;
	/** How long a stream still counts as open after its client has left, in ms, as over a long distance. */
	leaveDelay: number;
}

export const wellBehaved: Behaviour = {
	chunks: "whole",
	blankLines: true,
	space: true,
	lineEnd: "\n",
	garbage: false,
	silent: false,
	delay: 0,
	lag: 0,
	leaveDelay: 0,
};

/** A fault that is answered instead of the request. */
export interface Fault {
	/** Which requests it hits. Default: all. */
	to?: "subscribe" | "command";
	/** How many requests it hits. Default: every one until `faultless()`. */
	times?: number;
	/** The answer's status; `reset` tears the socket down instead. */
	status: number | "reset";
	/** Carry out the request, and fail only then: the client does not know the outcome. */
	afterwards?: boolean;
	error?: string;
	/** The `Retry-After` header. */
	retryAfter?: string;
	/** The literal body, instead of `{ error }`. */
	body?: string;
}

/** One event's bytes. A line break inside becomes another `data:` line, as in the standard. */
export function eventBytes(text: string, behaviour: Behaviour): Buffer {
	const { blankLines, garbage, lineEnd, space } = behaviour;
	const lines = text.split(/\r\n|\r|\n/).map((line) => `data:${space ? " " : ""}${line}`);
	const noise = garbage ? [":", ": keep-alive", "nonsense", "nonsense: more", "id: 1"] : [];
	const all = [...noise, ...lines, ...(blankLines ? [""] : [])];
	return Buffer.from(all.map((line) => line + lineEnd).join(""));
}
