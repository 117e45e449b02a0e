/**
 * Measures what relays cost their root, and how much later an event arrives:
 *
 *     npx node bench/relay.ts                # 1 and 3 relays, 100 and 300 viewers each
 *
 * All hubs run as `npm start` runs them, on one machine. Events are published one by one, each when every viewer has the
 * event before. The root has one viewer of its own. The time that a relay adds is from that viewer's copy to the one of the
 * median viewer. The kernel counts the root's CPU time.
 */

import { openStream } from "../test/support/event-stream.ts";
import { post, streamUrl } from "../test/support/hub-client.ts";
import { type Server, startServer } from "../test/support/server.ts";
import { until } from "../test/support/wait.ts";
import { usageOf } from "./harness/accounting.ts";

const token = "relay-token";
const events = 1_000;

for (const relays of [1, 3]) for (const viewers of [100, 300]) await measure(relays, viewers);

async function measure(relays: number, viewers: number): Promise<void> {
	const env = { SSE_PUBLISH_OPEN: "true" };
	const root = await startServer("node", { env: { ...env, SSE_RELAY_TOKEN: token } });
	const below = { ...env, SSE_UPSTREAM_URL: root.url, SSE_UPSTREAM_TOKEN: token };
	const hubs = await Promise.all(
		Array.from({ length: relays }, () => startServer("node", { env: below })),
	);
	try {
		await run(root, hubs, viewers);
	} finally {
		for (const hub of [...hubs, root]) await hub.kill();
	}
}

async function run(root: Server & { pid: number }, hubs: Server[], viewers: number): Promise<void> {
	const arrived: number[] = [];
	const watch = async (hub: Server) => {
		const stream = await openStream(streamUrl(hub, "bench"));
		const feed = stream.feed.bind(stream);
		stream.feed = (bytes) => {
			feed(bytes);
			arrived.push(performance.now());
		};
		return stream;
	};
	const first = await watch(root);
	const streams = await Promise.all(
		hubs.flatMap((hub) => Array.from({ length: viewers }, () => watch(hub))),
	);
	const own: number[] = [];
	const added: number[] = [];
	let begun = usageOf(root.pid);
	const warmUp = events / 10;
	for (let event = 1; event <= events + warmUp; event++) {
		if (event === warmUp) begun = usageOf(root.pid);
		arrived.length = 0;
		const sent = performance.now();
		await post(root, { data: event, channel: "bench" });
		await until(() => [first, ...streams].every((stream) => stream.events.length === event), {
			what: "every viewer",
			every: 1,
		});
		if (event <= warmUp) continue;
		const [rootAt = 0, ...others] = arrived;
		own.push(rootAt - sent);
		added.push((others[Math.floor(others.length / 2)] ?? 0) - rootAt);
	}
	const { user, system } = usageOf(root.pid);
	const cpu = ((user + system - begun.user - begun.system) / events) * 1e6;
	console.log(
		`${hubs.length} relays of ${viewers}: root's CPU ${cpu.toFixed(0)} µs an event; at the root after ` +
			`${percentile(own, 0.5)} ms; a relay adds p50 ${percentile(added, 0.5)}, p99 ${percentile(added, 0.99)} ms`,
	);
	for (const stream of [first, ...streams]) stream.close();
}

function percentile(samples: readonly number[], share: number): string {
	const sorted = samples.toSorted((a, b) => a - b);
	return (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1);
}
