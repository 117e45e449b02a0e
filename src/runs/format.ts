import { frame, retryFrame } from "../core/message/frame.ts";
import { dataText } from "../core/message/json-data.ts";
import type { Message } from "../core/message/message.ts";
import type { RunEnd } from "./reader.ts";

/**
 * How a run is written for those who parse the response. The answers have nothing but data, comments and ids, for such
 * parsers take every other field for an error.
 */
export interface RunFormat {
	/** Further headers of the response. */
	readonly headers?: Readonly<Record<string, string>>;
	/** What says that there is no such run: 404, or 204 where the protocol takes that for "nothing to resume". */
	readonly absent: 204 | 404;
	/**
	 * Whether a client whose response ends early comes back by itself. If not, it is told by `failure`, and by a 503
	 * while the broker is away.
	 */
	readonly comesBack: boolean;
	/** One chunk, as frames. */
	chunk(message: Message): string;
	/** What comes last, as frames. */
	end(end: RunEnd & { readonly id: string }): string;
	/**
	 * What says that the rest does not come, as frames; the response ends after it. Chunks are missing; or, where a client
	 * does not come back by itself, the server ends the response before the run has ended.
	 */
	failure(): string;
	/**
	 * What asks a client that comes back to do so after so many ms, as frames: the server ends its response before the run
	 * has ended. Without it nothing is said.
	 */
	comeBack?(ms: number): string;
}

const plainChunk = ({ data, id }: Message): string => frame({ data: dataText(data), id });

// Whoever was not sent all comes back with its cursor, and is told by a 404.
const noWords = (): string => "";

/** For an EventSource: data and ids. */
export const plainFormat: RunFormat = {
	absent: 404,
	comesBack: true,
	chunk: plainChunk,
	// Whoever comes back with it is told by a 204 that it is over.
	end: ({ id }) => `id:${id}\n\n`,
	failure: noWords,
	comeBack: retryFrame,
};

/** The same, with an event of ours that says how the run has ended. */
export const toldFormat: RunFormat = {
	absent: 404,
	comesBack: true,
	chunk: plainChunk,
	end: ({ id, ...end }) => frame({ type: "sse.end", data: JSON.stringify(end), id }),
	failure: noWords,
	comeBack: retryFrame,
};
