/** A workload: its load, its candidates, and for how long it runs. */
import type { Feed } from "./candidates.ts";

export interface Workload {
	name: string;
	title: string;
	candidates: readonly string[];
	clients: number;
	/** How many channels there are. Default 1. */
	channels?: number;
	/** How many channels a connection has. Default 1. */
	perClient?: number;
	/** The size of a message's data. Default 200. */
	dataBytes?: number;
	/** The data is JSON with fields that differ from message to message, as real ones do. */
	json?: boolean;
	/** Clients take gzip. */
	gzip?: boolean;
	/** How messages are published. */
	feed: Feed;
	/** The server's broker, also where messages are published over HTTP. Default: what the feed needs. */
	broker?: "redis";
	/** How many messages the server keeps of each channel. */
	history?: number;
	/** The time between two keep-alives, in ms. */
	keepAlive?: number;
	/** A path that is requested every 5 ms. How long its answers take is measured. */
	probe?: string;
	run: Run;
	/** The shorter form for `--quick`, with fewer candidates. Undefined: `--quick` leaves the workload out. */
	quick?: { candidates: readonly string[]; run: Run; clients?: number };
}

/** How the server is loaded. Times are in s. */
export type Run =
	/** Closed loop: `atOnce` messages are under way at a time. At least `least` are sent, however long that takes. */
	| {
			kind: "window";
			atOnce: number;
			least: number;
			most?: number;
			seconds: number;
			warmUp: number;
	  }
	/** Open loop: `rate` messages a second. */
	| { kind: "steady"; rate: number; seconds: number; warmUp: number }
	/** Nothing but keep-alives. */
	| { kind: "idle"; seconds: number }
	/** Opens the second half of the clients when the first is there. */
	| { kind: "connect"; atOnce: number }
	/** `returning` clients reconnect `back` messages late, while the others are sent messages. */
	| { kind: "storm"; returning: number; back: number; rate: number; seconds: number };

/** Describes the workload in figures, for the head of its table. */
export function described({
	clients,
	channels = 1,
	dataBytes = 200,
	json = false,
	gzip = false,
	run,
	keepAlive,
}: Workload): string {
	const parts = [
		`${clients.toLocaleString("en")} clients`,
		channels === 1 ? "1 channel" : `${channels.toLocaleString("en")} channels`,
		`${dataBytes.toLocaleString("en")} bytes${json ? " of JSON" : ""}`,
		...(gzip ? ["clients that take gzip"] : []),
		...(run.kind === "window" ? [`${run.atOnce.toLocaleString("en")} under way at a time`] : []),
		...(run.kind === "connect" ? [`${run.atOnce} at a time`] : []),
		...(run.kind === "storm" ? [`${run.rate} messages a second`] : []),
		...(keepAlive === undefined ? [] : [`a keep-alive every ${keepAlive / 1_000} s`]),
		...("seconds" in run ? [`${run.seconds} s`] : []),
	];
	return parts.join(", ");
}

/** Those that `npm start` and its sisters run. */
export const hubs = ["node-hub", "bun-hub", "deno-hub"];

// The kernel counts CPU time in steps of 10 ms. With enough messages a step is small, however busy the machine is.
export const closed = (atOnce: number, least = 300): Run => {
	return { kind: "window", atOnce, least, seconds: 3, warmUp: 1 };
};
export const quickly = (atOnce: number, least = 100): Run => {
	return { kind: "window", atOnce, least, seconds: 1, warmUp: 0.4 };
};
