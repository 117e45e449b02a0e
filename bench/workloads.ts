/** What is measured: who is in it, how messages come in, and for how long. */
import type { Feed } from "./candidates.ts";

export interface Workload {
	name: string;
	title: string;
	candidates: readonly string[];
	clients: number;
	/** Default 1. */
	channels?: number;
	/** Channels on one connection. Default 1. */
	perClient?: number;
	/** Of a message's data. Default 200. */
	dataBytes?: number;
	/** The data is JSON with fields that differ from message to message, as real ones do. */
	json?: boolean;
	/** Clients take gzip. */
	gzip?: boolean;
	/** How messages come in. */
	feed: Feed;
	/** A broker behind the server, also where messages come in over HTTP. Default: as the feed needs it. */
	broker?: "redis";
	/** Messages that the server keeps of each channel. */
	history?: number;
	/** In ms. */
	keepAlive?: number;
	/** A path that is asked for every 5 ms, to see how long it waits. */
	probe?: string;
	run: Run;
	/** Of a minute's look: fewer candidates, shorter. Undefined: left out of it. */
	quick?: { candidates: readonly string[]; run: Run; clients?: number };
}

/** Times in s. */
export type Run =
	/** Closed loop: so many messages under way at a time; `least` of them however long it takes. */
	| {
			kind: "window";
			atOnce: number;
			least: number;
			most?: number;
			seconds: number;
			warmUp: number;
	  }
	/** Open loop, messages per second. */
	| { kind: "steady"; rate: number; seconds: number; warmUp: number }
	/** Nothing but keep-alives. */
	| { kind: "idle"; seconds: number }
	/** Opens the second half of the clients when the first is there. */
	| { kind: "connect"; atOnce: number }
	/** `returning` clients come back `back` messages late, while the others are fed. */
	| { kind: "storm"; returning: number; back: number; rate: number; seconds: number };

/** The workload in figures, for the head of its table. */
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

const nodeHosts = ["node-hub", "node-handler", "node-server", "srvx"];
const hubs = ["node-hub", "bun-hub", "deno-hub"];
const compressed = hubs.flatMap((hub) => [hub, `${hub}-gzip`]);
const fetchHandlers = ["node-handler", "node-server", "srvx", "bun", "deno"];
const nodeControls = ["node-raw", "node-res", "node-server-stream", "srvx-stream"];
const controls = [...nodeControls, "bun-direct", "bun-stream", "deno-stream"];
const peers = ["nchan", "nchan-redis", "better-sse", "better-sse-fetch", "hono-sse", "flask-loop"];
const all = ["c-floor", ...hubs, ...fetchHandlers, ...controls, ...peers];

/** The least that says something about each runtime. */
const few = ["c-floor", ...hubs, "node-raw", "bun-direct", "deno-stream", "nchan"];

// CPU time is booked in steps of 10 ms: enough messages make them small, however busy the machine.
const closed = (atOnce: number, least = 300): Run => {
	return { kind: "window", atOnce, least, seconds: 3, warmUp: 1 };
};
const quickly = (atOnce: number, least = 100): Run => {
	return { kind: "window", atOnce, least, seconds: 1, warmUp: 0.4 };
};

export const workloads: readonly Workload[] = [
	{
		name: "fanout",
		title: "fan-out",
		candidates: [...all, "workerd-hub"],
		clients: 1_000,
		feed: "http",
		run: closed(4),
		quick: { candidates: few, run: quickly(4) },
	},
	{
		name: "fanout-redis",
		title: "fan-out, published to Redis, one message at a time",
		candidates: [...hubs, ...fetchHandlers, ...controls, "nchan-redis"],
		clients: 1_000,
		feed: "redis",
		run: closed(1),
	},
	{
		name: "fanout-one",
		title: "fan-out, one message at a time: what feeding by Redis is held against",
		candidates: [...hubs, "srvx"],
		clients: 1_000,
		feed: "http",
		run: closed(1),
	},
	{
		name: "fanout-10k",
		title: "fan-out to ten times as many",
		candidates: [
			"c-floor",
			...hubs,
			"node-handler",
			"node-server",
			"srvx",
			"node-raw",
			"bun-direct",
			"nchan",
		],
		clients: 10_000,
		feed: "http",
		run: closed(4, 50),
	},
	{
		name: "burst",
		title: "burst from Redis",
		candidates: ["c-floor", ...hubs, ...fetchHandlers, ...controls, "nchan"],
		clients: 1_000,
		feed: "redis",
		probe: "/healthz",
		run: closed(32, 1_000),
		quick: { candidates: ["c-floor", ...hubs, "srvx"], run: quickly(32, 400) },
	},
	{
		name: "burst-10000",
		title: "10,000 messages published to Redis at once",
		// Who sends each message by itself needs minutes for ten million deliveries.
		candidates: [...hubs, "node-handler", "node-server", "srvx", "node-res"],
		clients: 1_000,
		feed: "redis",
		probe: "/healthz",
		run: {
			kind: "window",
			atOnce: 10_000,
			least: 10_000,
			most: 10_000,
			seconds: 30,
			warmUp: 0.5,
		},
	},
	{
		name: "channels",
		title: "many channels, published to Redis",
		candidates: [...hubs, "node-handler", "node-server", "srvx", ...controls, "nchan"],
		clients: 1_000,
		channels: 1_000,
		feed: "redis",
		run: closed(32, 50_000),
	},
	{
		name: "notifications",
		title: "a channel for each user, few messages under way, published to Redis",
		candidates: [...hubs, "node-handler", ...controls],
		clients: 1_000,
		channels: 1_000,
		feed: "redis",
		run: closed(4, 20_000),
	},
	{
		name: "steady",
		title: "steady, 50 messages a second",
		candidates: [...all],
		clients: 1_000,
		feed: "http",
		run: { kind: "steady", rate: 50, seconds: 5, warmUp: 1 },
		quick: {
			candidates: ["c-floor", "node-hub", "node-raw", "bun-hub"],
			run: { kind: "steady", rate: 50, seconds: 2, warmUp: 0.5 },
		},
	},
	{
		name: "steady-500",
		title: "steady, 500 messages a second",
		candidates: ["node-hub", "node-hub-20ms"],
		clients: 1_000,
		feed: "redis",
		run: { kind: "steady", rate: 500, seconds: 5, warmUp: 1 },
	},
	{
		name: "idle",
		title: "idle, but for keep-alives",
		candidates: [...all],
		clients: 10_000,
		feed: "http",
		keepAlive: 15_000,
		run: { kind: "idle", seconds: 32 },
		quick: { candidates: [...hubs, "node-raw"], run: { kind: "idle", seconds: 1 }, clients: 2_000 },
	},
	{
		name: "connect",
		title: "connecting; the second half of the clients counts",
		candidates: [...all],
		clients: 8_000,
		feed: "http",
		run: { kind: "connect", atOnce: 64 },
	},
	{
		name: "history-off",
		title: "fan-out through a server with Redis behind it, nothing kept",
		candidates: [...nodeHosts, "bun-hub", "deno-hub"],
		clients: 1_000,
		feed: "http",
		broker: "redis",
		run: closed(4),
	},
	{
		name: "history-on",
		title: "the same, 1,000 messages kept",
		candidates: [...nodeHosts, "bun-hub", "deno-hub"],
		clients: 1_000,
		feed: "http",
		broker: "redis",
		history: 1_000,
		run: closed(4),
	},
	{
		name: "three-channels",
		title: "three channels on each connection, 1,000 messages kept of each",
		candidates: [...hubs, "srvx"],
		clients: 1_000,
		channels: 3,
		perClient: 3,
		feed: "http",
		broker: "redis",
		history: 1_000,
		run: closed(4),
	},
	{
		name: "resume",
		title:
			"resume storm: 1,000 clients come back 100 messages late, beside 500 that are fed 20 a second",
		candidates: [...hubs, "node-handler", "node-server", "srvx", "nchan"],
		clients: 500,
		feed: "http",
		broker: "redis",
		history: 1_000,
		run: { kind: "storm", returning: 1_000, back: 100, rate: 20, seconds: 5 },
	},
	{
		name: "data-2000",
		title: "fan-out of large messages",
		candidates: [
			"c-floor",
			...hubs,
			"node-handler",
			"node-server",
			"srvx",
			"node-raw",
			"bun-direct",
			"nchan",
		],
		clients: 1_000,
		dataBytes: 2_000,
		feed: "http",
		run: closed(4),
	},
	{
		name: "gzip-200",
		title: "fan-out to clients that take gzip",
		candidates: compressed,
		clients: 1_000,
		json: true,
		gzip: true,
		feed: "http",
		run: closed(4),
	},
	{
		name: "gzip-2000",
		title: "the same with large messages",
		candidates: compressed,
		clients: 1_000,
		dataBytes: 2_000,
		json: true,
		gzip: true,
		feed: "http",
		run: closed(4),
	},
	{
		name: "gzip-idle",
		title: "idle clients that take gzip",
		candidates: compressed,
		clients: 10_000,
		gzip: true,
		feed: "http",
		keepAlive: 15_000,
		run: { kind: "idle", seconds: 32 },
	},
];
