import { ConnectorError } from "../../core/errors.ts";
import * as assert from "./assert.ts";
import type { Case } from "./kit.ts";

export const lossCases: Case[] = [
	{
		clause: "S5",
		title:
			"a broker that dies and returns: onLost once, onRestored once, and live again; twice over",
		needs: ["broker"],
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channels = [kit.channel(), kit.channel()];
			const listeners = await Promise.all(
				[...channels, ...channels.slice(0, 1)].map((channel) => kit.listen(subscriber, channel)),
			);
			for (const round of [1, 2]) {
				await kit.stop();
				for (const { recorder } of listeners) await recorder.heard("lost", round);
				// This takes as long as a refused publish. Meanwhile the connector has failed to
				// reconnect.
				await kit.rejects(publisher.publish("x", "x"), "unavailable", "publish, broker gone");
				await kit.start();
				for (const { recorder } of listeners) await recorder.heard("restored", round);
				for (const channel of channels) {
					await kit.publishOnceBack(publisher, channel, `after ${round}`);
				}
				for (const { recorder } of listeners) {
					await recorder.saw(`after ${round}`);
					const expected = ["lost", "restored", "lost", "restored"].slice(0, 2 * round);
					assert.deepEqual(recorder.events, expected);
				}
			}
			for (const { recorder } of listeners) {
				assert.deepEqual(recorder.messages, ["after 1", "after 2"]);
				for (const error of recorder.errors) {
					assert.ok(error instanceof ConnectorError);
					assert.equal(error.code, "unavailable");
				}
			}
		},
	},
	{
		clause: "S5",
		title: "what is published the moment onRestored is called arrives",
		needs: ["broker", "shared"],
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const channel = kit.channel();
			const { recorder } = await kit.listen(subscriber, channel);
			await kit.stop();
			await recorder.heard("lost");
			await kit.start();
			// The publisher comes first, so that only the subscriber's report counts.
			await kit.publishOnceBack(publisher, kit.channel(), "awake");
			await recorder.heard("restored");
			await publisher.publish(channel, "now");
			await recorder.saw("now");
		},
	},
	{
		clause: "S5",
		title:
			"a subscription made and one ended during the outage are both as they should be after it",
		needs: ["broker"],
		async run(kit) {
			const connector = await kit.connect();
			const [kept, left] = [kit.channel(), kit.channel()];
			const keeping = await kit.listen(connector, kept);
			const leaving = await kit.listen(connector, left);
			await kit.stop();
			await keeping.recorder.heard("lost");
			await leaving.recorder.heard("lost");
			await leaving.subscription.unsubscribe();
			await kit.start();
			await keeping.recorder.heard("restored");
			await kit.publishOnceBack(connector, kept, "live");
			await keeping.recorder.saw("live");
			assert.deepEqual(leaving.recorder.events, ["lost"], "who has left hears no more");
			if (kit.can("numsub")) await kit.numsub(left, 0);
			// The same channel again, on the restored connection.
			const again = await kit.listen(connector, left);
			await kit.publishOnceBack(connector, left, "again");
			await again.recorder.saw("again");
			assert.deepEqual(again.recorder.messages, ["again"]);
		},
	},
];
