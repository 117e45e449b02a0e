import { Recorder } from "../recorder.ts";
import { within } from "../wait.ts";
import * as assert from "./assert.ts";
import type { Case, Kit } from "./kit.ts";
import { watchRejections } from "./rejections.ts";
import { show, textsOf } from "./show.ts";
import { watchTimers } from "./timers.ts";
import { until } from "./until.ts";

const payloads: Record<string, string> = {
	"an empty string": "",
	"1 MB": "0123456789abcdef".repeat(65_536),
	emoji: "👋🏽 👨‍👩‍👧‍👦 🇪🇺",
	"other unicode": "é e\u0301 ß \u2028 \u2029 \u0085 \ufeff \u0000 \u001b \uffff 漢字 עברית",
	"line ends": "a\nb\r\nc\rd\n\n\n",
	"leading and trailing space": "  a  ",
	commas: "message,channel,a,b,,",
	JSON: '{"data": 1.0, "big": 12345678901234567890, "data": "\\u00e9"}',
	"a number": "1e3",
	"protocol text": "$5\r\nhello\r\n*1\r\n+OK\r\ndata: x\n\n",
	base64: "aGVsbG8=",
};

export const everywhereCases: Case[] = [
	{
		clause: "C1",
		title: "constructing opens no connection and starts no timer, and so does closing unused",
		async run(kit) {
			const before = await kit.clientsAtRest();
			const timers = kit.watch(watchTimers());
			const idle = await Promise.all(Array.from({ length: 5 }, () => kit.connect()));
			assert.equal(timers.started, 0, "timers that constructing started");
			// These would have connected by the time that another connector has done a whole round.
			const probe = await kit.connect();
			const channel = kit.channel();
			const { recorder } = await kit.listen(probe, channel);
			await probe.publish(channel, "hello");
			await recorder.saw("hello");
			await probe.close();
			await until(async () => (await kit.clients()) === before, {
				what: `${before} connections at the broker, as before`,
			});
			const started = timers.started;
			for (const connector of idle) await connector.close();
			assert.equal(timers.started, started, "timers that closing an unused connector started");
		},
	},
	{
		clause: "C1",
		title: "constructing works while the broker is gone, and harms nobody",
		needs: ["broker"],
		async run(kit) {
			await kit.stop();
			const connector = await kit.connect();
			await kit.start();
			const channel = kit.channel();
			const { recorder } = await kit.listen(connector, channel);
			await connector.publish(channel, "hello");
			await recorder.saw("hello");
		},
	},
	...Object.entries(payloads).map(
		([what, payload]): Case => ({
			clause: "E1",
			title: `a payload arrives as it was published: ${what}`,
			async run(kit) {
				const { publisher, subscriber } = await kit.pair();
				const channel = kit.channel();
				const { recorder } = await kit.listen(subscriber, channel);
				await publisher.publish(channel, payload);
				await publisher.publish(channel, "end of this one");
				await recorder.saw("end of this one");
				assert.equal(recorder.messages.length, 2);
				// Not deepEqual: its report on a megabyte helps nobody.
				assert.ok(recorder.messages[0] === payload, `came: ${show(recorder.messages[0])}`);
			},
		}),
	),
	{
		clause: "E1",
		title: "no credential and no URL is in the name, nor in the error of a broker that is gone",
		needs: ["broker"],
		async run(kit) {
			const connector = await kit.connect();
			assert.ok(connector.name.length > 0 && !connector.name.includes("://"), connector.name);
			assertDiscreet(kit, "the name", connector.name);
			const { recorder } = await kit.listen(connector, kit.channel());
			await kit.stop();
			await recorder.heard("lost");
			const calls = [connector.publish("x", "x"), connector.subscribe("x", new Recorder())];
			const outcomes = await within(Promise.allSettled(calls), kit.patience, "calls, broker gone");
			const errors = outcomes.map((each) => (each.status === "rejected" ? each.reason : undefined));
			for (const error of [...errors, ...recorder.errors]) assertDiscreet(kit, "an error", error);
		},
	},
	{
		clause: "E1",
		title: "no credential is in the error of a broker that refuses",
		needs: ["refused"],
		async run(kit) {
			assert.ok(kit.harness.refused);
			const connector = kit.track(await kit.harness.refused());
			assertDiscreet(kit, "the name", connector.name);
			const publishing = connector.publish("x", "x");
			assertDiscreet(kit, "an error", await kit.rejects(publishing, "refused", "publish"));
			const subscribing = connector.subscribe("x", new Recorder());
			assertDiscreet(kit, "an error", await kit.rejects(subscribing, "refused", "subscribe"));
		},
	},
	{
		clause: "E2",
		title:
			"no promise is left to reject with nobody looking: subscribe, publish, unsubscribe, close",
		async run(kit) {
			await watchRejections(async () => {
				const connector = await kit.connect();
				const channel = kit.channel();
				const { recorder, subscription } = await kit.listen(connector, channel);
				await kit.listen(connector, channel);
				await connector.publish(channel, "hello");
				await recorder.saw("hello");
				await subscription.unsubscribe();
				await connector.close();
			});
		},
	},
	{
		clause: "E2",
		title: "no promise is left to reject with nobody looking: an outage from its begin to its end",
		needs: ["broker"],
		async run(kit) {
			await watchRejections(async () => {
				const connector = await kit.connect();
				const channel = kit.channel();
				const stayer = await kit.listen(connector, channel);
				const leaver = await kit.listen(connector, kit.channel());
				await connector.publish(channel, "hello");
				await kit.stop();
				// Unlike the others, this one begins before the loss can have been noticed.
				const leaving = leaver.subscription.unsubscribe();
				await kit.rejects(connector.publish(channel, "x"), "unavailable", "publish, broker gone");
				await stayer.recorder.heard("lost");
				const never = await kit.connect();
				const subscribing = never.subscribe(channel, new Recorder());
				await kit.rejects(subscribing, "unavailable", "subscribe, broker gone");
				await within(leaving, kit.patience, "unsubscribe, broker gone");
				await never.close();
				await kit.start();
				await stayer.recorder.heard("restored");
				await kit.stop();
				await stayer.recorder.heard("lost", 2);
				await connector.close();
			});
		},
	},
];

function assertDiscreet(kit: Kit, what: string, value: unknown): void {
	const texts = textsOf(value);
	for (const secret of kit.harness.secrets ?? []) {
		assert.ok(!texts.some((text) => text.includes(secret)), `${what} shows a credential`);
	}
}
