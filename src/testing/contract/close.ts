import { Recorder } from "../recorder.ts";
import { within } from "../wait.ts";
import * as assert from "./assert.ts";
import type { Case, Kit } from "./kit.ts";
import { type TimerWatch, watchTimers } from "./timers.ts";
import { until } from "./until.ts";

export const closeCases: Case[] = [
	{
		clause: "X1",
		title: "close ends every subscription with onEnd (closed), once, and nothing comes after it",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channels = [kit.channel(), kit.channel()];
			const listeners = await Promise.all(
				[...channels, ...channels].map((channel) => kit.listen(subscriber, channel)),
			);
			const left = await kit.listen(subscriber, channels[0] ?? "");
			await left.subscription.unsubscribe();
			await within(subscriber.close(), kit.patience, "close");
			for (const { recorder } of listeners) assert.deepEqual(recorder.events, ["end:closed"]);
			assert.deepEqual(left.recorder.events, [], "who has left hears of no end");
			if (kit.can("shared")) {
				for (const channel of channels) await publisher.publish(channel, "too late");
			}
			if (kit.can("numsub")) for (const channel of channels) await kit.numsub(channel, 0);
			for (const { recorder, subscription } of listeners) {
				await within(subscription.unsubscribe(), kit.patience, "unsubscribe, after close");
				assert.deepEqual(recorder.messages, []);
				assert.deepEqual(recorder.events, ["end:closed"]);
			}
		},
	},
	{
		clause: "X1",
		title: "close frees every timer",
		async run(kit) {
			const timers = kit.watch(watchTimers());
			const connector = await kit.connect();
			const channel = kit.channel();
			const { recorder } = await kit.listen(connector, channel);
			await connector.publish(channel, "hello");
			await recorder.saw("hello");
			await connector.close();
			await until(() => timers.open === 0, {
				what: "every timer fired or cleared",
			});
		},
	},
	{
		clause: "X1",
		title: "close frees every connection",
		needs: ["clients"],
		async run(kit) {
			const before = await kit.clientsAtRest();
			const connector = await kit.connect();
			const channel = kit.channel();
			const { recorder } = await kit.listen(connector, channel);
			await connector.publish(channel, "hello");
			await recorder.saw("hello");
			assert.notEqual(await kit.clients(), before);
			await connector.close();
			await until(async () => (await kit.clients()) === before, {
				what: `${before} connections at the broker, as before`,
			});
		},
	},
	{
		clause: "X1",
		title: "close in the middle of an outage ends in time, for good",
		needs: ["broker"],
		async run(kit) {
			const timers = kit.watch(watchTimers());
			const before = await kit.clientsAtRest();
			const connector = await kit.connect();
			const { recorder } = await kit.listen(connector, kit.channel());
			await kit.stop();
			await recorder.heard("lost");
			await within(connector.close(), kit.patience, "close, broker gone");
			assert.deepEqual(recorder.events, ["lost", "end:closed"]);
			await allTimersFreed(kit, timers);
			await kit.start();
			// A connector that still reconnected would be back by the time that another one has been
			// there and gone, or soon after.
			const probe = await kit.connect();
			await kit.listen(probe, kit.channel());
			await probe.close();
			await until(async () => (await kit.clients()) === before, {
				what: `${before} connections at the broker, as before`,
			});
			assert.deepEqual(recorder.events, ["lost", "end:closed"]);
		},
	},
	{
		clause: "X1",
		title: "close while the broker is frozen ends in time",
		needs: ["broker", "freeze"],
		async run(kit) {
			const connector = await kit.connect();
			const { recorder } = await kit.listen(connector, kit.channel());
			await connector.publish(kit.channel(), "x");
			await kit.pause();
			await within(connector.close(), kit.patience, "close, broker frozen");
			assert.equal(recorder.events.at(-1), "end:closed");
		},
	},
	{
		clause: "X2",
		title: "close is idempotent; publish and subscribe after it reject with code closed",
		async run(kit) {
			for (const used of [true, false]) {
				const connector = await kit.connect();
				const { recorder } = used
					? await kit.listen(connector, kit.channel())
					: { recorder: new Recorder() };
				await within(
					Promise.all([connector.close(), connector.close()]),
					kit.patience,
					"close, twice at once",
				);
				await connector.close();
				assert.deepEqual(recorder.events, used ? ["end:closed"] : []);
				await kit.rejects(connector.publish("x", "x"), "closed", "publish, after close");
				const subscribing = connector.subscribe("x", new Recorder());
				await kit.rejects(subscribing, "closed", "subscribe, after close");
			}
		},
	},
	{
		clause: "X2",
		title: "a subscribe that close overtakes rejects with code closed, or is ended with it",
		async run(kit) {
			const connector = await kit.connect();
			const recorder = new Recorder();
			const subscribing = connector.subscribe(kit.channel(), recorder).then(
				() => "live",
				(error: { code?: string }) => `rejected:${error.code}`,
			);
			await within(connector.close(), kit.patience, "close");
			const outcome = await within(subscribing, kit.patience, "the subscribe that was overtaken");
			if (outcome === "live") assert.deepEqual(recorder.events, ["end:closed"]);
			else assert.deepEqual([outcome, ...recorder.events], ["rejected:closed"]);
		},
	},
	{
		clause: "X3",
		title: "close leaves a client that the caller handed in open",
		needs: ["borrow"],
		async run(kit) {
			assert.ok(kit.harness.borrow);
			const { connector, check, release } = await kit.harness.borrow();
			kit.track(connector);
			try {
				const channel = kit.channel();
				const { recorder } = await kit.listen(connector, channel);
				await connector.publish(channel, "hello");
				await recorder.saw("hello");
				await connector.close();
				assert.deepEqual(recorder.events, ["end:closed"]);
				await within(check(), kit.patience, "a command of the caller's own client, after close");
			} finally {
				await release();
			}
		},
	},
];

/** A client library may let a timer fire without effect, if that is soon. */
async function allTimersFreed(kit: Kit, timers: TimerWatch): Promise<void> {
	const what = "every timer to be fired or cleared";
	await until(() => timers.open === 0, { what, timeout: kit.patience });
}
