import { afterAll, beforeAll, expect, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { freePort } from "../support/ports.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { runToEnd, type Server, startProgram, startServer } from "../support/server.ts";
import { until } from "../support/wait.ts";

/** `edge-sse/client` in programs: with the runtime's own EventSource, or that of a package. */

let broker: RedisServer;
let publisher: ServerSentEvents;
beforeAll(async () => {
	broker = await startRedis();
	publisher = new ServerSentEvents({ connector: redis(broker.url, { history: {} }) });
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

for (const [host, command, library] of [
	["node", ["node"], "eventsource"],
	["bun", ["bun"], "eventsource"],
	["deno", deno, ""],
	["deno", deno, "eventsource"],
] as const) {
	test.concurrent(`${host} ${library}: the hub is stopped and killed, and each event comes once`, async () => {
		const channel = `client.${host}.${library}`;
		const PORT = String(await freePort());
		// There is no hub yet, which an EventSource may take for a loss or for a refusal.
		const url = `http://127.0.0.1:${PORT}/stream?channel=${channel}`;
		const program = await startProgram([...command, fixture, url, library], {
			announces: /"state","waiting"/,
		});
		const env = { PORT, SSE_REDIS_URL: broker.url, SSE_HISTORY_LENGTH: "1000" };
		let hub = await startServer("node", { env });
		const when = (what: string, condition: () => boolean) =>
			until(condition, { what: `${what} in ${program.output}`, timeout: 20_000 });
		const opened = (count: number) =>
			when(`stream ${count}`, () => {
				return told(program).filter(([, state]) => state === "open").length >= count;
			});
		const published: [string, number][] = [];
		const heard = () => told(program).filter(([kind]) => kind !== "state");
		const say = async () => {
			// A type that EventSource has an event of its own for, too.
			for (const type of ["message", "error", "message"]) {
				await publisher.publish(published.length, { channel, type });
				published.push([type, published.length]);
			}
		};
		try {
			await opened(1);
			for (const [round, way] of (["stop", "kill"] as const).entries()) {
				await say();
				await when("all", () => heard().length >= published.length);
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

test.concurrent.for(["node", "bun"] as const)(
	"%s: without an EventSource on() says so",
	async (host) => {
		const program = [fixture, "http://127.0.0.1:9/stream"];
		const { code, output } = await runToEnd(host, { program });
		expect(code).not.toBe(0);
		expect(output).toMatch(/TypeError: EventSource: none here\./);
	},
);
