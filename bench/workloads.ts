/** What the benchmark measures, and with which candidates. */
import { processes, relays } from "./several.ts";
import { closed, hubs, quickly, type Workload } from "./workload.ts";

const nodeHosts = ["node-hub", "node-handler", "node-server", "srvx"];
const compressed = hubs.flatMap((hub) => [hub, `${hub}-gzip`]);
const fetchHandlers = ["node-handler", "node-server", "srvx", "bun", "deno"];
const nodeControls = ["node-raw", "node-res", "node-server-stream", "srvx-stream"];
const controls = [...nodeControls, "bun-direct", "bun-stream", "deno-stream"];
const peers = ["nchan", "nchan-redis", "better-sse", "better-sse-fetch", "hono-sse", "flask-loop"];
const all = ["c-floor", ...hubs, ...fetchHandlers, ...controls, ...peers];

/** Those that the largest loads are measured with: the hubs, the handlers of Node, and the fastest others. */
const best = [
	...["c-floor", ...hubs, "node-handler", "node-server", "srvx"],
	...["node-raw", "bun-direct", "nchan"],
];

/** The smallest set that says something about each runtime. */
const few = ["c-floor", ...hubs, "node-raw", "bun-direct", "deno-stream", "nchan"];

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
		candidates: best,
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
		// The others send each message by itself, and need minutes for ten million deliveries.
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
		candidates: best,
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
	...processes,
	...relays,
];
