import type { Subscription } from "../../core/connector.ts";
import { Recorder } from "../recorder.ts";
import { within } from "../wait.ts";
import * as assert from "./assert.ts";
import type { Case } from "./kit.ts";

export const unsubscribeCases: Case[] = [
	{
		clause: "U1",
		title: "unsubscribe is idempotent: a second call takes nothing from anybody else",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			const leaver = await kit.listen(subscriber, channel);
			const stayer = await kit.listen(subscriber, channel);
			await Promise.all([leaver.subscription.unsubscribe(), leaver.subscription.unsubscribe()]);
			await leaver.subscription.unsubscribe();
			await publisher.publish(channel, "still here");
			await stayer.recorder.saw("still here");
			if (kit.can("numsub")) await kit.numsub(channel, 1);
			assert.deepEqual([...leaver.recorder.messages, ...leaver.recorder.events], []);

			// Nor from a later subscription of the same channel by the same connector.
			await stayer.subscription.unsubscribe();
			const newcomer = await kit.listen(subscriber, channel);
			await leaver.subscription.unsubscribe();
			await stayer.subscription.unsubscribe();
			await publisher.publish(channel, "new");
			await newcomer.recorder.saw("new");
		},
	},
	{
		clause: "U1",
		title: "unsubscribe resolves in time while the broker is gone",
		needs: ["broker"],
		async run(kit) {
			const connector = await kit.connect();
			const channel = kit.channel();
			const early = await kit.listen(connector, channel);
			const late = await kit.listen(connector, channel);
			await kit.stop();
			// One at once, when the loss may be unnoticed, and one after it was noticed.
			await within(early.subscription.unsubscribe(), kit.patience, "unsubscribe, broker gone");
			await late.recorder.heard("lost");
			await within(late.subscription.unsubscribe(), kit.patience, "unsubscribe, broker gone");
			await kit.start();
			const probe = await kit.listenOnceBack(connector, kit.channel());
			assert.deepEqual(probe.recorder.events, []);
			if (kit.can("numsub")) await kit.numsub(channel, 0);
		},
	},
	{
		clause: "U1",
		title: "unsubscribe resolves in time while the broker is frozen",
		needs: ["broker", "freeze"],
		async run(kit) {
			const connector = await kit.connect();
			const { subscription } = await kit.listen(connector, kit.channel());
			await kit.pause();
			await within(subscription.unsubscribe(), kit.patience, "unsubscribe, broker frozen");
		},
	},
	{
		clause: "U2",
		title: "no handler is called once unsubscribe was called, in the middle of a burst too",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			const recorder = new Recorder();
			let subscription: Subscription | undefined;
			let leaving: Promise<void> | undefined;
			subscription = await subscriber.subscribe(channel, {
				...recorder,
				onMessage: (payload) => {
					recorder.onMessage(payload);
					leaving ??= subscription?.unsubscribe();
				},
			});
			const witness = await kit.listen(subscriber, channel);
			await Promise.all(
				Array.from({ length: 200 }, (_, i) => publisher.publish(channel, `burst ${i}`)),
			);
			await leaving;
			await publisher.publish(channel, "end");
			await witness.recorder.saw("end");
			assert.equal(recorder.messages.length, 1, "only the message that made it leave");
			assert.deepEqual(recorder.events, []);
		},
	},
	{
		clause: "U2",
		title: "nor when another subscription's handler called it: on a message, and on close",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			// Each ends the other as soon as it is called, so the second one is never called.
			const calls: string[] = [];
			const leaving: (Promise<void> | undefined)[] = [];
			const subscriptions: Subscription[] = [];
			const join = async () => {
				for (const i of [0, 1]) {
					const hear = (what: string) => {
						calls.push(`${i} ${what}`);
						leaving.push(subscriptions[1 - i]?.unsubscribe());
					};
					subscriptions[i] = await subscriber.subscribe(channel, {
						...new Recorder(),
						onMessage: hear,
						onEnd: () => hear("end"),
					});
				}
			};

			await join();
			const witness = await kit.listen(subscriber, channel);
			await publisher.publish(channel, "message");
			await publisher.publish(channel, "last");
			await witness.recorder.saw("last");
			const [who = ""] = calls[0] ?? "";
			const both = [`${who} message`, `${who} last`];
			assert.deepEqual(calls, both, "one heard both messages, the other nothing");

			await Promise.all([...leaving, ...subscriptions.map((each) => each.unsubscribe())]);
			calls.length = 0;
			await join();
			await within(subscriber.close(), kit.patience, "close");
			assert.equal(calls.length, 1, `one heard of the end, the other had left: ${calls}`);
			await Promise.all(leaving);
		},
	},
	{
		clause: "U2",
		title: "the broker hears of the leave, once the last subscription of the channel has left",
		needs: ["numsub"],
		async run(kit) {
			const connector = await kit.connect();
			const channel = kit.channel();
			const first = await kit.listen(connector, channel);
			const second = await kit.listen(connector, channel);
			const count = () => kit.broker.numsub?.(channel);
			assert.ok(((await count()) ?? 0) >= 1);
			await first.subscription.unsubscribe();
			assert.ok(((await count()) ?? 0) >= 1, "the second one is still there");
			await second.subscription.unsubscribe();
			await kit.numsub(channel, 0);
		},
	},
	{
		clause: "U3",
		title: "200 times: a subscribe that begins while the channel is being left works",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			let current = await kit.listen(subscriber, channel);
			for (let i = 0; i < 200; i++) {
				const leaving = current.subscription.unsubscribe();
				const next = await kit.listen(subscriber, channel);
				// Every other time, the unsubscribe may still be running when the message is sent.
				if (i % 2 === 0) await leaving;
				await publisher.publish(channel, `round ${i}`);
				await next.recorder.saw(`round ${i}`);
				assert.deepEqual(next.recorder.messages, [`round ${i}`]);
				assert.deepEqual(current.recorder.messages, i === 0 ? [] : [`round ${i - 1}`]);
				await leaving;
				current = next;
			}
			await current.subscription.unsubscribe();
			if (kit.can("numsub")) await kit.numsub(channel, 0);
		},
	},
	{
		clause: "U3",
		title: "100 joins and leaves with nobody waiting for anybody end as they should",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			// Errors are kept as values: none may go unhandled because another came first.
			const everyone: Promise<unknown>[] = [];
			for (let i = 0; i < 100; i++) {
				const joining = subscriber.subscribe(channel, new Recorder());
				const left = joining.then((subscription) => subscription.unsubscribe());
				everyone.push(left.catch((error: unknown) => error));
				// Joins and leaves of different rounds meet in every order.
				if (i % 7 === 0) await everyone[Math.floor(i / 2)];
			}
			const last = kit.listen(subscriber, channel);
			const all = Promise.all([last, ...everyone]);
			const [{ recorder, subscription }, ...outcomes] = await within(all, 10_000, "all of them");
			assert.deepEqual(
				outcomes.filter((outcome) => outcome !== undefined),
				[],
			);
			await publisher.publish(channel, "still live");
			await recorder.saw("still live");
			if (kit.can("numsub")) await kit.numsub(channel, 1);
			await subscription.unsubscribe();
			if (kit.can("numsub")) await kit.numsub(channel, 0);
		},
	},
];
