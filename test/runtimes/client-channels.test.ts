import { afterAll, expect, test } from "vitest";
import { EventClient } from "../../src/client.ts";
import { publish } from "../support/hub-client.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/wait.ts";
import { startWorker } from "../support/worker.ts";

/**
 * `channel()` by `fetch` with headers: channels come and go while messages flow, and each message comes once.
 */

const token = "t".repeat(40);
const env = { SSE_PUBLISH_TOKEN: token, SSE_HISTORY_LENGTH: "1000" };

const ends: (() => unknown)[] = [];
afterAll(() => Promise.all(ends.map((end) => end())));

test.each([
	["the hub on Node", () => startServer("node", { env })],
	[
		"the hub on Durable Objects",
		() =>
			startWorker({
				entry: "src/server/worker.ts",
				objects: { SSE: "SseChannel" },
				env: { ...env, HOST: "127.0.0.1" },
			}),
	],
])("%s", async (_, start) => {
	const hub = await start();
	ends.push(() => hub.kill());
	let asked = 0;
	const events = new EventClient(`${hub.url}/stream`, {
		headers: () => ({ "x-asked": String(++asked) }),
	});
	ends.push(() => events.close());
	const gaps: unknown[] = [];
	events.on("sse.gap", (gap) => gaps.push(gap));
	const seen: Record<string, number[]> = {};
	const listen = (name: string) => {
		const own: number[] = [];
		seen[name] = own;
		return events.channel(name).on("message", (n) => own.push(n as number));
	};
	let count = 0;
	const say = async (times: number) => {
		for (const end = count + times; count < end; count++) {
			for (const channel of ["a", "b", "c"]) {
				await publish({ url: hub.url, token }, { data: count, channel });
			}
		}
	};
	const last = (name: string) =>
		until(() => seen[name]?.at(-1) === count - 1, {
			what: `${count - 1} of ${name} in ${JSON.stringify(seen)}`,
		});
	const open = () =>
		until(() => events.state === "open", {
			what: `a stream, not ${events.state}`,
		});

	listen("a");
	await open();
	await say(5);
	await last("a");
	const leaveB = listen("b");
	await say(10);
	await last("b");
	leaveB();
	listen("c");
	await say(10);
	await Promise.all([last("a"), last("c")]);
	expect(seen.a).toEqual(Array.from({ length: count }, (_, n) => n));
	for (const name of ["b", "c"]) {
		const [first = Number.NaN, ...rest] = seen[name] ?? [];
		expect(rest).toEqual(rest.map((_, n) => first + n + 1));
	}
	expect(gaps).toEqual([]);
	// One stream after another: a, then a and b, then a and c.
	expect(asked).toBe(3);
});
