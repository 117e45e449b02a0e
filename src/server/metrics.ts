import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { ServerSentEvents } from "../core/sse.ts";
import type { Stats } from "../core/stats.ts";

/** What Prometheus reads. `stats()` counts, and is called when somebody reads. */
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

/**
 * How often the event loop's delay is sampled, in ms. The default of 10 would take 0.8 % of a
 * core.
 */
const eventLoopMonitoringPrecision = 100;

export function createMetrics(sse: ServerSentEvents): Metrics {
	const registry = new Registry();
	// Deno forbids reading /proc, and a resident memory of 0 is worse than none.
	if (!("Deno" in globalThis)) {
		collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision });
	}
	for (const [key, help] of Object.entries(gauges)) {
		new Gauge({
			name: `sse_${key}`,
			help,
			registers: [registry],
			collect() {
				this.set(sse.stats()[key as keyof typeof gauges]);
			},
		});
	}
	for (const [key, help] of Object.entries(totals)) {
		new Counter({
			name: `sse_${snakeCase(key)}_total`,
			help,
			registers: [registry],
			collect() {
				this.reset();
				this.inc(sse.stats()[key as keyof typeof totals]);
			},
		});
	}
	return { contentType: registry.contentType, read: () => registry.metrics() };
}

/** Prometheus' own form: `slow_clients`. */
function snakeCase(key: string): string {
	return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
