import * as assert from "./assert.ts";
import type { Case } from "./kit.ts";

/** Names that break a connector which takes them for a path, a pattern, a list or a key. */
export const hostile = [
	"a",
	"b",
	"secret",
	"a/../../get/secret",
	"a%2Fb",
	"a/b",
	"a,b",
	"a b",
	" a",
	"a ",
	"a?x=1#f",
	"a?x=1",
	'a"b',
	"a'b",
	"a\\b",
	"a\nb",
	"a\r\nb",
	"a\tb",
	"a\0b",
	"*",
	"a*",
	"[ab]",
	"?",
	"{tag}",
	"tag",
	"{a}b",
	"{}",
	"__proto__",
	"constructor",
	"toString",
	"A",
	"😀",
	"é",
	"e\u0301",
	"a".repeat(300),
	"a".repeat(512),
	"😀".repeat(256),
];

export const nameCases: Case[] = [
	{
		clause: "S6",
		title: `the channel's name is data: ${hostile.length} hostile names each reach their own channel only`,
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			// The bare names, because a prefix would make most of them harmless. They are unique at this
			// test's own broker.
			const listeners = await Promise.all(hostile.map((name) => kit.listen(subscriber, name)));
			for (const [i, name] of hostile.entries()) {
				await publisher.publish(name, `for ${i}`);
			}
			for (const name of hostile) await publisher.publish(name, "end");
			for (const [i, { recorder }] of listeners.entries()) {
				await recorder.saw("end");
				const name = JSON.stringify(hostile[i]).slice(0, 40);
				assert.deepEqual(recorder.messages, [`for ${i}`, "end"], `the channel ${name}`);
			}
			for (const { subscription } of listeners) await subscription.unsubscribe();
			if (kit.can("numsub")) for (const name of hostile) await kit.numsub(name, 0);
		},
	},
];
