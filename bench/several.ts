/** Workloads of hubs of several processes, and of hubs with relays. */
import { closed, hubs, quickly, type Run, type Workload } from "./workload.ts";

const pairs = hubs.flatMap((hub) => [hub, `${hub}-2`]);
const chains = hubs.flatMap((hub) => [hub, `${hub}-relay`, `${hub}-relays`]);

export const processes: readonly Workload[] = [
	{
		name: "processes",
		title: "fan-out by one process and by two, which share the core here",
		candidates: pairs,
		clients: 1_000,
		feed: "http",
		run: closed(1),
		quick: { candidates: ["node-hub", "node-hub-2"], run: quickly(1) },
	},
	{
		name: "processes-300",
		title: "the same with fewer clients",
		candidates: pairs,
		clients: 300,
		feed: "http",
		run: closed(1, 1_000),
	},
];

/** Below what makes anything wait for the processor: latency is the way then, and no queue. */
const calm: Run = { kind: "steady", rate: 50, seconds: 5, warmUp: 1 };

export const relays: readonly Workload[] = [
	{
		name: "relays",
		title: "clients of relays and clients of their root, 50 messages a second",
		candidates: chains,
		clients: 300,
		feed: "http",
		run: calm,
		quick: {
			candidates: ["node-hub", "node-hub-relay"],
			run: { ...calm, seconds: 2, warmUp: 0.5 },
		},
	},
	{
		name: "relays-900",
		title: "the same with three times the clients",
		candidates: chains,
		clients: 900,
		feed: "http",
		run: calm,
	},
];
