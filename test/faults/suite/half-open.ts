import { expect } from "vitest";
import { health, publish } from "../../support/hub-client.ts";
import { tcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/wait.ts";
import { crowd } from "../client.ts";
import { sockets } from "../process.ts";
import { fault, type Runtime } from "../scene.ts";

const timeout = 60_000;

/** Clients that are gone without telling the hub. */
export function halfOpen(runtime: Runtime): void {
	fault(
		runtime,
		"half-open: SSE_MAX_DURATION ends a silent stream whose client is gone",
		async (s) => {
			const hub = await s.hub({ SSE_MAX_DURATION: "8000", SSE_KEEP_ALIVE: "200" });
			await using proxy = await tcpProxy({ port: Number(new URL(hub.url).port) });
			const before = sockets(hub.pid);
			await crowd(20, () => s.open(hub, [s.channel], { port: proxy.port }));
			expect((await health(hub)).connections).toBe(20);
			proxy.blackhole(true);
			await until(async () => (await health(hub)).connections === 0, {
				what: "the hub to be rid of them",
				timeout,
			});
			// Hosts differ at the end of a stream: some wait for another request on the connection.
			const closed = () => sockets(hub.pid) <= before + 1;
			if (runtime.closesUnread)
				await until(closed, { what: "their sockets to be closed", timeout });
		},
	);

	fault(runtime, "half-open: a stream that ends with much unread holds no socket", async (s) => {
		const hub = await s.hub({ SSE_MAX_DURATION: "8000", SSE_MAX_BUFFERED_BYTES: "50000000" });
		const before = sockets(hub.pid);
		for (let i = 0; i < 3; i++) s.open(hub, [s.channel], { reads: "never" });
		const connections = (count: number) =>
			until(async () => (await health(hub)).connections === count, {
				what: `${count} connections`,
				timeout,
			});
		await connections(3);
		// More than the kernel buffers for them.
		const data = "x".repeat(500_000);
		for (let i = 0; i < 16; i++) await publish(hub, { data, channel: s.channel });
		await connections(0);
		const closed = () => sockets(hub.pid) <= before + 1;
		if (runtime.closesUnread) await until(closed, { what: "their sockets to be closed", timeout });
	});
}
