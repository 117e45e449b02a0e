import { delay } from "../wait.ts";
import * as assert from "./assert.ts";
import type { Case } from "./kit.ts";

export const publishCases: Case[] = [
	{
		clause: "P1",
		title: "a message reaches every subscription of its channel and of no other",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const [here, there] = [kit.channel(), kit.channel()];
			const first = await kit.listen(subscriber, here);
			const second = await kit.listen(subscriber, here);
			const own = await kit.listen(publisher, here);
			const other = await kit.listen(subscriber, there);

			await publisher.publish(here, "one");
			await subscriber.publish(here, "two");
			// Silence proves nothing, so a last message marks the end.
			await publisher.publish(there, "end");
			await publisher.publish(here, "end");
			for (const { recorder } of [first, second, own]) {
				await recorder.saw("end");
				assert.deepEqual(recorder.messages, ["one", "two", "end"]);
			}
			await other.recorder.saw("end");
			assert.deepEqual(other.recorder.messages, ["end"]);
		},
	},
	{
		clause: "P2",
		title: "publish resolves to the number of receivers",
		needs: ["receivers"],
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			const receivers = async () => (await publisher.publish(channel, "x")).receivers;
			assert.equal(await receivers(), 0);
			const first = await kit.listen(subscriber, channel);
			assert.equal(await receivers(), 1);
			await kit.listen(await kit.connect(), channel);
			assert.equal(await receivers(), kit.can("shared") ? 2 : 1);
			if (kit.can("numsub")) assert.equal(await receivers(), await kit.broker.numsub?.(channel));
			await first.subscription.unsubscribe();
			if (kit.can("numsub")) await kit.numsub(channel, 1);
			assert.equal(await receivers(), kit.can("shared") ? 1 : 0);
		},
	},
	{
		clause: "P2",
		title:
			"without a count from the broker, the number of receivers is a whole number all the same",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			await kit.listen(subscriber, channel);
			const { receivers } = await publisher.publish(channel, "x");
			assert.ok(Number.isInteger(receivers) && receivers >= 0, `receivers: ${receivers}`);
		},
	},
	{
		clause: "P3",
		title: "1000 messages of two publishers in turn arrive in order everywhere",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			const listeners = [
				await kit.listen(subscriber, channel),
				await kit.listen(subscriber, channel),
				await kit.listen(publisher, channel),
			];
			const expected = Array.from({ length: 1_000 }, (_, i) => `message ${i}`);
			for (const [i, payload] of expected.entries()) {
				await (i % 2 === 0 ? publisher : subscriber).publish(channel, payload);
			}
			for (const { recorder } of listeners) {
				await recorder.saw("message 999");
				assert.deepEqual(recorder.messages, expected);
			}
		},
	},
	{
		clause: "P3",
		title:
			"300 publishes that nobody awaits, from the first use on, arrive in the order of the calls",
		async run(kit) {
			const channel = kit.channel();
			const { publisher, subscriber } = await kit.pair();
			const { recorder } = await kit.listen(subscriber, channel);
			const expected = Array.from({ length: 300 }, (_, i) => `message ${i}`);
			const publishing: Promise<unknown>[] = [];
			for (const [i, payload] of expected.entries()) {
				publishing.push(publisher.publish(channel, payload));
				// Some at once, some while others are running.
				if (i % 50 === 49) await delay(1);
			}
			await Promise.all(publishing);
			await recorder.saw("message 299");
			assert.deepEqual(recorder.messages, expected);
		},
	},
	{
		clause: "P4",
		title: "with the broker gone publish rejects in time, and is not sent later",
		needs: ["broker"],
		async run(kit) {
			const channel = kit.channel();
			const subscriber = await kit.connect();
			const known = await kit.connect();
			await known.publish(channel, "before");
			const { recorder } = await kit.listen(subscriber, channel);
			const fresh = await kit.connect();
			await kit.stop();
			const late = [known, fresh, fresh].map((connector, i) =>
				kit.rejects(connector.publish(channel, `late ${i}`), "unavailable", "publish, broker gone"),
			);
			await Promise.all(late);

			await kit.start();
			await recorder.heard("restored");
			// A rejected message that still waited in a connector would go out before this one.
			for (const [i, connector] of [known, fresh].entries()) {
				await kit.publishOnceBack(connector, channel, `end ${i}`);
				await recorder.saw(`end ${i}`);
			}
			assert.deepEqual(recorder.messages, ["end 0", "end 1"]);
			// The late ones might have gone out before the subscriber was back. The broker knows.
			if (kit.can("publishes")) assert.equal(await kit.broker.publishes?.(), 2);
		},
	},
	{
		clause: "P4",
		title: "with the broker frozen publish rejects in time, and what had not left yet never leaves",
		needs: ["broker", "freeze", "shared"],
		async run(kit) {
			const channel = kit.channel();
			const { recorder } = await kit.listen(await kit.connect(), channel);
			const fresh = await kit.connect();
			await kit.pause();
			await kit.rejects(fresh.publish(channel, "late"), "unavailable", "publish, broker frozen");
			await kit.resume();
			await kit.publishOnceBack(fresh, channel, "end");
			await recorder.saw("end");
			assert.deepEqual(recorder.messages, ["end"]);
		},
	},
];
