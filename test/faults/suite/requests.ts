import { connect } from "node:net";
import { expect } from "vitest";
import { publish } from "../../support/hub-client.ts";
import type { ServerProcess } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import { measured } from "../figures.ts";
import { sockets } from "../process.ts";
import { isLong, scale } from "../scale.ts";
import { fault, type Runtime, type Scene } from "../scene.ts";

const head = "HTTP/1.1\r\nHost: 127.0.0.1\r\n";

/** What is sent at first, and each second after that. */
const ways: Record<string, [first: string, more: string]> = {
	"nothing at all": ["", ""],
	"a header a second": [`GET / ${head}`, "X-More: 1\r\n"],
	"a byte of its body a second": [
		`POST /publish ${head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
		" ",
	],
};

/** Requests that never end. */
export function requests(runtime: Runtime): void {
	const all = Object.keys(ways);
	/** This many of them, in these ways. */
	const open = (
		s: Scene,
		hub: ServerProcess,
		count: number,
		names: readonly string[],
		onClose?: (name: string) => void,
	) => {
		for (let i = 0; i < count; i++) {
			const name = names[i % names.length] ?? "";
			const [first, more] = ways[name] ?? ["", ""];
			const socket = connect({ port: Number(new URL(hub.url).port), host: "127.0.0.1" });
			// It is reset, because the hub has not read all of it.
			socket.on("error", () => undefined);
			socket.write(first);
			const timer = setInterval(() => socket.write(more), 1_000);
			socket.on("data", () => undefined);
			socket.on("close", () => {
				clearInterval(timer);
				onClose?.(name);
			});
			s.use({ close: () => socket.destroy() });
		}
	};

	fault(
		runtime,
		`${scale.unfinished} requests that never end block no other request`,
		async (s) => {
			const hub = await s.hub({ SSE_PUBLISH_OPEN: "true" });
			const before = sockets(hub.pid);
			const begun = performance.now();
			const closed = new Map<string, number>();
			// Node gives a body 30 s.
			const names = isLong || runtime.name !== "node" ? all : all.slice(0, 2);
			open(s, hub, scale.unfinished, names, (name) => closed.set(name, performance.now() - begun));
			await until(() => sockets(hub.pid) >= before + scale.unfinished, {
				what: "the hub to have taken them",
			});
			const client = await s.stream(hub, [s.channel]);
			await publish(hub, { data: "served", channel: s.channel });
			await until(() => client.events.length === 1, { what: "the event" });
			if (!runtime.closesUnfinished) {
				measured(runtime.name, "unfinished requests", "never closed; others are served");
				return;
			}
			await until(() => sockets(hub.pid) <= before + 1, {
				what: "those requests to be closed",
				timeout: 60_000,
				every: 100,
			});
			await until(() => closed.size === names.length, { what: "the word of it" });
			const times = [...closed].map(([name, ms]) => `${name}: ${Math.round(ms / 1_000)} s`);
			measured(
				runtime.name,
				"unfinished requests",
				`closed at the latest after: ${times.join(", ")}`,
			);
			expect(client.state).toBe("open");
		},
	);

	fault(runtime, "SIGTERM with requests that never end: the hub exits in time", async (s) => {
		const hub = await s.hub({ SSE_PUBLISH_OPEN: "true" });
		const before = sockets(hub.pid);
		open(s, hub, 30, all);
		await until(() => sockets(hub.pid) >= before + 30, {
			what: "the hub to have taken them",
		});
		const begun = performance.now();
		await s.stop(hub);
		const took = performance.now() - begun;
		measured(runtime.name, "SIGTERM, unfinished requests", `exit 0 after ${Math.round(took)} ms`);
		// Node's own limit for a body is 30 s, and the other servers have none.
		expect(took).toBeLessThan(25_000);
	});
}
