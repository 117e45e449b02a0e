import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { ServerSentEvents } from "../core/sse.ts";
import type { Stats } from "../core/stats.ts";
import { mergedMetrics } from "./processes/metrics-text.ts";
import { alone, type ProcessFigures, type Whole } from "./whole.ts";

/** The text that Prometheus reads. The counts come from `stats()` at each read. */
export interface Metrics {
	contentType: string;
	read(): Promise<string>;
}

const gauges = {
	connections: "Open event streams",
	channels: "Channels that are subscribed for at the broker",
} satisfies Partial<Record<keyof Stats, string>>;

const totals = {
	messages: "Messages from the broker",
	frames: "Events written to clients",
	bytes: "Bytes written to clients, comments included",
	replays: "Clients brought up to date from the history",
	gaps: "Gaps that clients were told of",
	droppedMessages: "Payloads that were no message",
	slowClients: "Clients disconnected because they read too slowly",
	refusedStreams: "Streams that were refused",
	reconnects: "Subscriptions that were lost and came back",
} satisfies Record<Exclude<keyof Stats, keyof typeof gauges>, string>;

const ofProcesses = {
	sse_processes: "Processes that take streams",
	sse_process_ends_total: "Processes that ended by themselves, and were replaced",
};

/**
 * How often the event loop's delay is sampled, in ms. The default of 10 would take 0.8 % of a
 * core.
 */
const eventLoopMonitoringPrecision = 100;

/** The figures of a process itself, such as its memory. Deno has none. */
export function collectProcess(register: Registry): void {
	// Deno forbids reading /proc, and would report a resident memory of 0.
	if ("Deno" in globalThis) return;
	collectDefaultMetrics({ register, eventLoopMonitoringPrecision });
}

export function createMetrics(sse: ServerSentEvents, whole: Whole = alone(sse)): Metrics {
	const registry = new Registry();
	if (!whole.isShared) collectProcess(registry);
	const sets = [
		...Object.entries(gauges).map(([key, help]) =>
			gauge(registry, `sse_${key}`, help, (all) => all[key as keyof typeof gauges]),
		),
		...Object.entries(totals).map(([key, help]) =>
			counter(
				registry,
				`sse_${snakeCase(key)}_total`,
				help,
				(all) => all[key as keyof typeof totals],
			),
		),
	];
	const { sse_processes, sse_process_ends_total } = ofProcesses;
	const setsOfProcesses = !whole.isShared
		? []
		: [
				gauge<ProcessFigures>(registry, "sse_processes", sse_processes, ({ running }) => running),
				counter<ProcessFigures>(
					registry,
					"sse_process_ends_total",
					sse_process_ends_total,
					({ ends }) => ends,
				),
			];
	const read = async () => {
		const [stats, processes] = await Promise.all([whole.stats(), whole.processes()]);
		for (const set of sets) set(stats);
		if (processes === undefined) return registry.metrics();
		for (const set of setsOfProcesses) set(processes);
		return mergedMetrics([...processes.texts, await registry.metrics()]);
	};
	return { contentType: registry.contentType, read };
}

function gauge<From = Stats>(
	registry: Registry,
	name: string,
	help: string,
	value: (from: From) => number,
): (from: From) => void {
	const metric = new Gauge({ name, help, registers: [registry] });
	return (from) => metric.set(value(from));
}

function counter<From = Stats>(
	registry: Registry,
	name: string,
	help: string,
	value: (from: From) => number,
): (from: From) => void {
	const metric = new Counter({ name, help, registers: [registry] });
	return (from) => {
		metric.reset();
		metric.inc(value(from));
	};
}

/** A name as Prometheus writes it: `slow_clients`. */
function snakeCase(key: string): string {
	return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
