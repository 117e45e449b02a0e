import { expect, test } from "vitest";
import { setUp, source } from "./kit.ts";

test("maxDuration ends the stream of a run, and the client can resume with its cursor", async () => {
	const reasons: string[] = [];
	const { runs } = setUp(
		{},
		{ maxDuration: 500, keepAlive: 20, onDisconnect: (_, { reason }) => reasons.push(reason) },
	);
	const producer = source();
	await runs.start("a", producer.run);
	producer.say("one");
	const begun = performance.now();
	const text = await (await runs.stream(new Request("http://localhost/run"), "a")).text();
	expect(performance.now() - begun).toBeGreaterThan(350);
	expect(reasons).toEqual(["expired"]);
	const id = /^id:(.*)$/m.exec(text)?.[1] ?? "";
	producer.say("two");
	producer.end();
	const headers = { "last-event-id": id };
	const again = await runs.stream(new Request("http://localhost/run", { headers }), "a");
	expect(await again.text()).toMatch(/^:\n\ndata:two\n/);
});
