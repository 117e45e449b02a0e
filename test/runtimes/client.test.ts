import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { call, json } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Server, startProgram, startServer } from "../support/server.ts";
import { later, until } from "../support/wait.ts";
import { startWorker } from "../support/worker.ts";

/** `edge-sse/client` in programs: with the runtime's own EventSource, that of a package, or `fetch`. */

let broker: RedisServer;
let publisher: ServerSentEvents;
beforeAll(async () => {
	broker = await startRedis();
	publisher = new ServerSentEvents({
		connector: redis(broker.url, { history: {}, timeout: 20_000 }),
	});
});
afterAll(async () => {
	await publisher.close();
	await broker.stop();
});

const fixture = "test/runtimes/fixtures/event-client.ts";
const deno = ["deno", "run", "--no-prompt", "--allow-net", "--allow-env", "--allow-read"];

/** What the program was told, in order. */
function told({ output }: Server): [string, unknown][] {
	const whole = output.slice(0, output.lastIndexOf("\n") + 1).split("\n");
	return whole
		.filter((line) => line.startsWith("["))
		.map((line) => JSON.parse(line) as [string, unknown]);
}

const ways = ["stop", "kill"] as const;
const kills = Array.from({ length: 8 }, () => "kill" as const);

for (const [host, command, library, ends] of [
	["node", ["node"], "eventsource", ways],
	["bun", ["bun"], "eventsource", ways],
	["deno", deno, "", ways],
	["deno", deno, "eventsource", ways],
	// Without an EventSource it uses `fetch`.
	["node", ["node"], "", kills],
	["bun", ["bun"], "", ways],
	["deno", deno, "fetch", ways],
] as const) {
	const often = `${ends.length} times`;
	test.concurrent(`${host} ${library}: the hub restarts ${often}, and each event comes once`, {
		timeout: 180_000 + ends.length * 20_000,
	}, async () => {
		const channel = `client.${host}.${library}`;
		const PORT = String(await freePort());
		// The hub is not running yet, which an EventSource may take for a loss or for a refusal.
		const url = `http://127.0.0.1:${PORT}/stream?channel=${channel}`;
		const program = await startProgram([...command, fixture, url, library], {
			announces: /"state","waiting"/,
		});
		const env = {
			PORT,
			SSE_REDIS_URL: broker.url,
			SSE_BROKER_TIMEOUT: "20000",
			SSE_HISTORY_LENGTH: "1000",
		};
		let hub = await startServer("node", { env });
		const when = (what: string, condition: () => boolean) =>
			until(condition, { what: `${what} in ${program.output}` });
		const opened = (count: number) =>
			when(`stream ${count}`, () => {
				return told(program).filter(([, state]) => state === "open").length >= count;
			});
		const published: [string, number][] = [];
		const heard = () => told(program).filter(([kind]) => kind !== "state");
		const say = async () => {
			// A type that EventSource uses for an event of its own, too.
			for (const type of ["message", "error", "message"]) {
				await publisher.publish(published.length, { channel, type });
				published.push([type, published.length]);
			}
		};
		try {
			await opened(1);
			for (const [round, way] of ends.entries()) {
				await say();
				await when("all", () => heard().length >= published.length);
				// A stream that lasted is opened again after 6 s at most.
				const open = performance.now();
				if (ends === kills) await when("5 s", () => performance.now() - open > 5_500);
				await hub[way]();
				await say();
				hub = await startServer("node", { env });
				await opened(round + 2);
				await say();
			}
			await when("all", () => heard().length >= published.length);
			expect(heard()).toEqual(published);
		} finally {
			await Promise.all([hub.kill(), program.kill()]);
		}
	});
}

test("workerd: a Worker reads a hub's stream", async () => {
	const env = {
		SSE_REDIS_URL: broker.url,
		SSE_BROKER_TIMEOUT: "20000",
		SSE_HISTORY_LENGTH: "1000",
	};
	const [hub, worker] = await Promise.all([
		startServer("node", { env }),
		startWorker({ entry: "test/runtimes/fixtures/event-client-worker.ts" }),
	]);
	const channel = "client.workerd";
	try {
		const url = `${hub.url}/stream?channel=${channel}`;
		const answer = later(call(`${worker.url}/?${new URLSearchParams({ url, count: "3" })}`));
		let heard: number[] | undefined;
		for (let n = 0; heard === undefined; n++) {
			await publisher.publish(n, { channel });
			const answered = await Promise.race([answer, delay(50)]);
			if (answered !== undefined) heard = json<number[]>(answered);
		}
		const [first = Number.NaN] = heard;
		expect(heard).toEqual([first, first + 1, first + 2]);
	} finally {
		await Promise.all([hub.kill(), worker.kill()]);
	}
});
