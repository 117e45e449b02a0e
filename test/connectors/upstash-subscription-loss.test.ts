import { afterEach, describe, expect, test, vi } from "vitest";
import { Recorder } from "../../src/testing.ts";
import { until } from "../support/wait.ts";
import { subscribes, useSubscriptions } from "./upstash-subscription-kit.ts";

const { server, setUp, publish } = useSubscriptions();

afterEach(() => {
	vi.restoreAllMocks();
});

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

describe("a loss", () => {
	test.for(["end", "reset"] as const)("is noticed and repaired: %s", async (how) => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		for (let round = 1; round <= 3; round++) {
			if (how === "end") await gateway.endStreams();
			else gateway.resetStreams();
			await recorder.heard("restored", round);
			await connector.publish("chat", `round ${round}`);
			await recorder.saw(`round ${round}`);
		}
		expect(recorder.messages).toEqual(["round 1", "round 2", "round 3"]);
		expect(recorder.events).toEqual(Array(3).fill(["lost", "restored"]).flat());
		expect(gateway.maxOpenSubscribes).toBe(1);
	});

	test("in the middle of a message: the half is dropped, and is never delivered", async () => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.behave({ chunks: "bytes" });
		await connector.publish("chat", "half of this is lost".repeat(1_000));
		gateway.resetStreams();
		await recorder.heard("restored");
		await connector.publish("chat", "whole");
		await recorder.saw("whole");
		expect(recorder.messages).toEqual(["whole"]);
	});

	test.for([401, 403, 400])(
		"that is answered with %i is final: onEnd, and no more requests",
		async (status) => {
			await using scene = await setUp();
			const { gateway, connector } = scene;
			const recorder = new Recorder();
			await connector.subscribe("chat", recorder);
			gateway.fault({ to: "subscribe", status, error: "revoked" });
			await gateway.endStreams();
			await recorder.heard("end:refused");
			expect(recorder.events).toEqual(["lost", "end:refused"]);
			expect(recorder.errors.at(-1)?.message).toContain("revoked");
			const seen = subscribes(gateway).length;
			gateway.faultless();
			// A late try would come before this one's messages.
			const other = new Recorder();
			await connector.subscribe("other", other);
			for (let i = 0; i < 20; i++) await connector.publish("other", `${i}`);
			await other.saw("19");
			expect(subscribes(gateway).length).toBe(seen + 1);
		},
	);

	test.for([
		["seconds", (): string => "1"],
		["a date", (): string => new Date(Date.now() + 2_000).toUTCString()],
	] as const)("waits as long as Retry-After says: %s", async ([, retryAfter]) => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.fault({ to: "subscribe", status: 429, retryAfter: retryAfter(), times: 1 });
		await gateway.endStreams();
		await until(() => subscribes(gateway).length === 2, { what: "the try that is turned away" });
		const start = performance.now();
		await recorder.heard("restored");
		// A date has no fraction of a second.
		expect(performance.now() - start).toBeGreaterThanOrEqual(900);
		expect(subscribes(gateway).length).toBe(3);
		expect(recorder.events).toEqual(["lost", "restored"]);
	});

	test("a stream that always ends at once is reconnected after growing pauses", async () => {
		await using scene = await setUp({ maxBackoff: 600 });
		const { gateway, connector } = scene;
		vi.spyOn(Math, "random").mockReturnValue(1);
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		const pauses: number[] = [];
		for (let round = 1; round <= 5; round++) {
			const start = performance.now();
			await gateway.endStreams();
			await recorder.heard("restored", round);
			pauses.push(performance.now() - start);
		}
		for (const [i, least] of [100, 200, 400, 600, 600].entries()) {
			expect(pauses[i], `pause ${i}`).toBeGreaterThanOrEqual(least - 5);
		}
	});

	test("unsubscribe during it: no further request", async () => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		const subscription = await connector.subscribe("chat", recorder);
		gateway.fault({ to: "subscribe", status: 500 });
		await gateway.endStreams();
		await until(() => subscribes(gateway).length >= 3, { what: "tries" });
		await subscription.unsubscribe();
		const other = new Recorder();
		gateway.faultless();
		await connector.subscribe("other", other);
		for (let i = 0; i < 20; i++) await connector.publish("other", `${i}`);
		await other.saw("19");
		expect(recorder.events).toEqual(["lost"]);
		expect(await server().numsub("chat")).toBe(0);
	});

	test.for([1, 2, 3])(
		"100 ends at random moments, seed %i: nothing lost, nothing twice",
		async (seed) => {
			await using scene = await setUp();
			const { gateway, connector } = scene;
			const random = randomFrom(seed);
			const channels = ["one", "two", "three"];
			const listeners = new Map<string, Recorder>();
			for (const channel of channels) {
				const recorder = new Recorder();
				listeners.set(channel, recorder);
				await connector.subscribe(channel, recorder);
			}
			// Redis says whether the channel had a subscriber at that moment. That subscriber must receive the
			// message.
			const owed = new Map<string, string[]>(channels.map((channel) => [channel, []]));
			let running = true;
			const publishing = channels.map(async (channel) => {
				for (let i = 0; running; i++) {
					if ((await publish(channel, `${channel} ${i}`)) === 1)
						owed.get(channel)?.push(`${channel} ${i}`);
				}
			});
			for (let round = 0; round < 100; round++) {
				// A moment is a number of messages from zero upwards: some ends come before all are back.
				const recorder = listeners.get(channels[round % 3] ?? "");
				const goal = (recorder?.messages.length ?? 0) + Math.floor(random() * 4);
				await until(() => (recorder?.messages.length ?? 0) >= goal, {
					what: `round ${round}`,
					every: 1,
				});
				await gateway.endStreams();
			}
			running = false;
			await Promise.all(publishing);
			for (const channel of channels) {
				// A subscriber got it, so it must arrive. Until then nobody has reconnected.
				await until(async () => (await publish(channel, "last")) === 1, {
					what: "the last return",
				});
				owed.get(channel)?.push("last");
				await listeners.get(channel)?.saw("last");
				expect(listeners.get(channel)?.messages).toEqual(owed.get(channel));
			}
			expect(gateway.maxOpenSubscribes).toBeLessThanOrEqual(channels.length + 1);
			// The ends have found streams to end.
			const losses = [...listeners.values()].flatMap(({ events }) =>
				events.filter((event) => event === "lost"),
			);
			expect(losses.length).toBeGreaterThanOrEqual(100);
		},
	);
});
