import type { SubscriptionHandlers } from "../../core/connector.ts";
import type { ConnectorError } from "../../core/errors.ts";
import { Recorder } from "../recorder.ts";
import { within } from "../wait.ts";
import * as assert from "./assert.ts";
import { consoleErrors } from "./console.ts";
import type { Case } from "./kit.ts";

export const subscribeCases: Case[] = [
	{
		clause: "S1",
		title: "every message after subscribe resolved arrives, 50 times over",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			for (let i = 0; i < 50; i++) {
				const channel = kit.channel();
				const { recorder } = await kit.listen(subscriber, channel);
				await publisher.publish(channel, "at once");
				await recorder.saw("at once");
			}
		},
	},
	{
		clause: "S1",
		title: "20 subscriptions of one channel that begin together are each live when they resolve",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			await Promise.all(
				Array.from({ length: 20 }, async (_, i) => {
					const { recorder } = await kit.listen(subscriber, channel);
					await publisher.publish(channel, `mine ${i}`);
					await recorder.saw(`mine ${i}`);
				}),
			);
		},
	},
	{
		clause: "S1",
		title: "handlers may be the methods of an object, and keep their `this`",
		async run(kit) {
			class Handlers implements SubscriptionHandlers {
				readonly recorder = new Recorder();
				onMessage(payload: string) {
					this.recorder.onMessage(payload);
				}
				onLost(error: ConnectorError) {
					this.recorder.onLost(error);
				}
				onRestored() {
					this.recorder.onRestored();
				}
				onEnd(error: ConnectorError) {
					this.recorder.onEnd(error);
				}
			}
			const connector = await kit.connect();
			const channel = kit.channel();
			const handlers = new Handlers();
			await connector.subscribe(channel, handlers);
			await connector.publish(channel, "hello");
			await handlers.recorder.saw("hello");
			await connector.close();
			assert.deepEqual(handlers.recorder.events, ["end:closed"]);
		},
	},
	{
		clause: "S2",
		title: "with the broker gone subscribe rejects in time, and leaves nothing behind",
		needs: ["broker"],
		async run(kit) {
			const known = await kit.connect();
			const other = kit.channel();
			const witness = await kit.listen(known, other);
			const fresh = await kit.connect();
			const channel = kit.channel();
			const recorder = new Recorder();
			await kit.stop();
			const calls = [fresh, known].map((connector) =>
				kit.rejects(connector.subscribe(channel, recorder), "unavailable", "subscribe, gone"),
			);
			await Promise.all(calls);
			await kit.start();
			await witness.recorder.heard("restored");
			// Both connectors have worked again. A subscription left behind would be back, too.
			for (const connector of [fresh, known]) {
				const probe = kit.channel();
				const { recorder: heard } = await kit.listenOnceBack(connector, probe);
				await kit.publishOnceBack(connector, probe, "live");
				await heard.saw("live");
			}
			if (kit.can("numsub")) await kit.numsub(channel, 0);
			const { recorder: end } = await kit.listenOnceBack(known, channel);
			await kit.publishOnceBack(known, channel, "end");
			await end.saw("end");
			assert.deepEqual(recorder.messages, [], "a rejected subscription must not receive");
			assert.deepEqual(recorder.events, [], "a rejected subscription has nobody to tell");
		},
	},
	{
		clause: "S2",
		title: "with the broker frozen subscribe rejects in time, and leaves nothing behind",
		needs: ["broker", "freeze"],
		async run(kit) {
			const fresh = await kit.connect();
			// This one has its connection: sending SUBSCRIBE is easy, and proves nothing.
			const known = await kit.connect();
			await kit.listen(known, kit.channel());
			const channel = kit.channel();
			const recorder = new Recorder();
			await kit.pause();
			const calls = [fresh, known].map((connector) =>
				kit.rejects(connector.subscribe(channel, recorder), "unavailable", "subscribe, frozen"),
			);
			await Promise.all(calls);
			await kit.resume();
			for (const connector of [fresh, known]) {
				const probe = kit.channel();
				const live = await kit.listenOnceBack(connector, probe);
				await kit.publishOnceBack(connector, probe, "live");
				await live.recorder.saw("live");
			}
			if (kit.can("numsub")) await kit.numsub(channel, 0);
			assert.deepEqual([...recorder.messages, ...recorder.events], []);
		},
	},
	{
		clause: "S2",
		title: "a broker that says no makes subscribe and publish reject with code refused",
		needs: ["refused"],
		async run(kit) {
			assert.ok(kit.harness.refused);
			const connector = kit.track(await kit.harness.refused());
			const recorder = new Recorder();
			const channel = kit.channel();
			const subscribing = connector.subscribe(channel, recorder);
			await kit.rejects(subscribing, "refused", "subscribe, refused");
			await kit.rejects(connector.publish(channel, "x"), "refused", "publish, refused");
			assert.deepEqual(recorder.events, []);
		},
	},
	{
		clause: "S3",
		title: "two subscriptions of one channel each receive everything, and end independently",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			const first = await kit.listen(subscriber, channel);
			const second = await kit.listen(subscriber, channel);
			await publisher.publish(channel, "both");
			await Promise.all([first.recorder.saw("both"), second.recorder.saw("both")]);
			await first.subscription.unsubscribe();
			await publisher.publish(channel, "second only");
			await second.recorder.saw("second only");
			assert.deepEqual(first.recorder.messages, ["both"]);
			assert.deepEqual(second.recorder.messages, ["both", "second only"]);
		},
	},
	{
		clause: "S3",
		title: "the same handlers may subscribe twice: they hear everything twice",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			const recorder = new Recorder();
			const first = await subscriber.subscribe(channel, recorder);
			await subscriber.subscribe(channel, recorder);
			const witness = await kit.listen(subscriber, channel);
			await publisher.publish(channel, "twice");
			await witness.recorder.saw("twice");
			assert.deepEqual(recorder.messages, ["twice", "twice"]);
			await first.unsubscribe();
			await publisher.publish(channel, "once");
			await witness.recorder.saw("once");
			assert.deepEqual(recorder.messages, ["twice", "twice", "once"]);
		},
	},
	{
		clause: "S4",
		title: "a handler that throws harms nobody else, and console.error hears of it",
		async run(kit) {
			const console = kit.watch(consoleErrors());
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			const bug = new Error("a bug in onMessage");
			let calls = 0;
			const faulty = new Recorder();
			const throwing: SubscriptionHandlers = {
				onMessage: () => {
					calls++;
					throw bug;
				},
				onLost: faulty.onLost,
				onRestored: faulty.onRestored,
				onEnd: () => {
					throw new Error("a bug in onEnd");
				},
			};
			const before = await kit.listen(subscriber, channel);
			await subscriber.subscribe(channel, throwing);
			const after = await kit.listen(subscriber, channel);
			await publisher.publish(channel, "one");
			await publisher.publish(channel, "two");
			for (const { recorder } of [before, after]) {
				await recorder.saw("two");
				assert.deepEqual(recorder.messages, ["one", "two"]);
			}
			assert.equal(calls, 2, "the faulty handler is still told of every message");
			assert.ok(console.mention(bug), "console.error hears of the error itself");

			await within(subscriber.close(), kit.patience, "close, with a handler that throws");
			assert.deepEqual(after.recorder.events, ["end:closed"]);
			assert.ok(console.mention("a bug in onEnd"), "console.error hears of onEnd's error too");
		},
	},
];
