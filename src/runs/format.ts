import { cursorFrame, frame, retryFrame } from "../core/message/frame.ts";
import { dataText } from "../core/message/json-data.ts";
import type { Message } from "../core/message/message.ts";
import type { RunEnd } from "./reader.ts";

/**
 * How a run is written for another library's parser. Answers contain only data, comments and ids, because such parsers
 * reject every other field.
 */
export interface RunFormat {
	/** Further headers of the response. */
	readonly headers?: Readonly<Record<string, string>>;
	/** The status for an unknown run: 404, or 204 where the protocol reads that as "nothing to resume". */
	readonly absent: 204 | 404;
	/**
	 * Whether the client reconnects when its response ends early. If it does not, `failure` tells it, and it gets a 503
	 * while the broker is away.
	 */
	readonly comesBack: boolean;
	/** The frames of one chunk. */
	chunk(message: Message): string;
	/** The frames at the end. */
	end(end: RunEnd & { readonly id: string }): string;
	/**
	 * The frames that say that the rest will not come; the response ends after them. Chunks are missing, or the server
	 * ends the response early and the client does not reconnect by itself.
	 */
	failure(): string;
	/**
	 * The frames that ask the client to reconnect after this many ms, when the server ends its response before the run has
	 * ended. Without this function nothing is sent.
	 */
	comeBack?(ms: number): string;
}

const plainChunk = ({ data, id }: Message): string => frame({ data: dataText(data), id });

// A client without all chunks returns with its cursor, and gets a 404.
const nothing = (): string => "";

/** For an EventSource: data and ids. */
export const plainFormat: RunFormat = {
	absent: 404,
	comesBack: true,
	chunk: plainChunk,
	// A client that returns with this position gets a 204: the run is over.
	end: ({ id }) => cursorFrame(id),
	failure: nothing,
	comeBack: retryFrame,
};

/** The same, plus an event of ours that says how the run ended. */
export const toldFormat: RunFormat = {
	absent: 404,
	comesBack: true,
	chunk: plainChunk,
	end: ({ id, ...end }) => frame({ type: "sse.end", data: JSON.stringify(end), id }),
	failure: nothing,
	comeBack: retryFrame,
};
