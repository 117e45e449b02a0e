import { beforeAll, describe, expect, test } from "vitest";
import { until } from "../support/wait.ts";
import type { SleepingObjects } from "./fixtures/sleeping-client.ts";

/** What objects with sleeping streams refuse or bound. The test file starts the Worker. */
export function sleepBounds(objectsOf: () => SleepingObjects, fresh: () => string): void {
	let objects: SleepingObjects;
	beforeAll(() => {
		objects = objectsOf();
	});

	describe("bounds", () => {
		test("a Worker that does not read is disconnected, and other clients miss nothing", async () => {
			const channel = fresh();
			const other = await objects.socket(channel);
			objects.stall(channel);
			await until(async () => (await objects.publish(channel, "two?")).receivers === 2, {
				what: "the Worker that will not read",
			});
			const text = "x".repeat(100_000);
			let receivers: number | undefined = 2;
			let n = 0;
			for (; receivers === 2 && n < 100; n++) {
				({ receivers } = await objects.publish(channel, `${n} ${text}`));
			}
			// 1 MiB is 11 of them. The client that reads has received as much, and has confirmed it.
			expect(n).toBeLessThan(15);
			expect(receivers).toBe(1);
			await objects.publish(channel, "the end");
			await other.first(({ data }) => data === "the end", "the end");
			const numbered = other.events.filter(({ data }) => data.endsWith(text));
			expect(numbered.map(({ data }) => Number.parseInt(data, 10))).toEqual([...Array(n).keys()]);
		});

		test("big messages across evictions arrive whole and in order", async () => {
			const channel = fresh();
			const stream = await objects.socket(channel);
			const text = "👋🏽\u0000\u2028".repeat(20_000);
			for (let n = 0; n < 20; n++) {
				await objects.publish(channel, `${n} ${text}`);
				if (n % 5 === 4) await objects.evict(channel);
			}
			const data = await stream.data(20);
			expect(data.map((each) => Number.parseInt(each, 10))).toEqual([...data.keys()]);
			expect(data.every((each) => each.endsWith(text))).toBe(true);
		});

		test.each(["socket", "frames"] as const)(
			"a client's own request that a Worker forwards to the object gets no %s",
			async (what) => {
				const channel = fresh();
				expect(await objects.forwarded(what, channel)).toBe(404);
				expect(await objects.publish(channel, "to nobody")).toMatchObject({ receivers: 0 });
			},
		);

		test.each(["worker", "object"])(
			"an upgrade that a client asks for gets an ordinary stream, held by the %s",
			async (hold) => {
				const channel = fresh();
				const headers = {
					connection: "upgrade",
					upgrade: "websocket",
					"sec-websocket-version": "13",
				};
				const stream = await objects.socket(channel, { hold }, headers);
				expect(stream.status).toBe(200);
				await objects.publish(channel, "as ever");
				expect(await stream.data(1)).toEqual(["as ever"]);
			},
		);

		test("a publish that timed out is not carried out later, after the next one", async () => {
			const channel = fresh();
			const stream = await objects.slow.socket(channel);
			const late = await objects.slow.publish(channel, "slow", { timeout: "300" });
			expect(late).toEqual({ error: "unavailable" });
			const { id } = await objects.slow.publish(channel, "after");
			expect(id).toBeDefined();
			await until(async () => (await objects.slowPublishes()) === 1, { what: "the slow publish" });
			await objects.slow.publish(channel, "the end");
			expect(await stream.data(2)).toEqual(["after", "the end"]);
			// A publish with enough time is.
			expect(await objects.slow.publish(channel, "slow", { timeout: "30000" })).toHaveProperty(
				"id",
			);
		});

		test("an object at its limit of sockets tells new clients to come back later", async () => {
			const channel = fresh();
			const held = await Promise.all([1, 2, 3].map(() => objects.small.socket(channel)));
			const late = await objects.small.open(channel);
			await late.end();
			expect(late.text).toMatch(/^:\n\nretry:\d{4}\n\n$/);
			held[0]?.reset();
			await until(async () => (await objects.small.publish(channel, "room?")).receivers === 2, {
				what: "room",
			});
			await objects.small.socket(channel);
		});
	});
}
