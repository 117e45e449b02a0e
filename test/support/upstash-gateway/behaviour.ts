/** How the gateway's event streams are written. Takes effect with the next event. */
export interface Behaviour {
	/** `bytes`: each byte in a chunk of its own. `joined`: whatever came within 20 ms in one chunk. */
	chunks: "whole" | "bytes" | "joined";
	/** A blank line after each event. */
	blankLines: boolean;
	/** A space after `data:`. */
	space: boolean;
	lineEnd: "\n" | "\r\n" | "\r";
	/** Lines that mean nothing to anybody, and a comment, before each event. */
	garbage: boolean;
	/** Swallow every event, the confirmation too, for streams that are open now or opened later. */
	silent: boolean;
	/** Before anything is done, in ms; a function is asked for each request. */
	delay: number | (() => number);
	/** How long a command is on its way from the gateway to Redis, in ms, whether its client still waits or not. */
	lag: number;
	/** How long a stream still counts as open after its client has left, in ms: the way is long. */
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

/** A fault to be answered with, instead of what was asked for. */
export interface Fault {
	/** Whom it hits. Default: everyone. */
	to?: "subscribe" | "command";
	/** How many requests it hits. Default: every one until `faultless()`. */
	times?: number;
	/** The answer's status; `reset` tears the socket down instead. */
	status: number | "reset";
	/** Do what was asked for, and fail only then: the outcome stays unknown to the client. */
	afterwards?: boolean;
	error?: string;
	/** The `Retry-After` header. */
	retryAfter?: string;
	/** The body as it stands, instead of `{ error }`. */
	body?: string;
}

/** One event's bytes. A line break inside becomes another `data:` line, as the standard has it. */
export function eventBytes(text: string, behaviour: Behaviour): Buffer {
	const { blankLines, garbage, lineEnd, space } = behaviour;
	const lines = text.split(/\r\n|\r|\n/).map((line) => `data:${space ? " " : ""}${line}`);
	const noise = garbage ? [":", ": keep-alive", "nonsense", "nonsense: more", "id: 1"] : [];
	const all = [...noise, ...lines, ...(blankLines ? [""] : [])];
	return Buffer.from(all.map((line) => line + lineEnd).join(""));
}
