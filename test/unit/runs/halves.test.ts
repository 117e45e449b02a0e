import { expect, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { until } from "../../support/wait.ts";
import { collect, setUp, source } from "./kit.ts";

test.each(["", "a"])("half of a surrogate pair after %j is not sent by itself", async (before) => {
	const connector = memory({ history: {} });
	const calls: number[] = [];
	const append = connector.runs?.append.bind(connector.runs);
	Object.assign(connector.runs ?? {}, {
		append: (...args: Parameters<NonNullable<typeof append>>) => {
			calls.push(args[1].payloads.length);
			return append?.(...args);
		},
	});
	const { runs } = setUp({ batch: { wait: 10 } }, { connector });
	const producer = source();
	const { done } = await runs.start("a", producer.run);
	producer.say(`${before}\ud83d`);
	const isSaid = async (text: string) => (await runs.snapshot("a"))?.text === text;
	await until(() => isSaid(before), { what: "the first half" });
	// Twenty times the batch's wait.
	await new Promise((resolve) => setTimeout(resolve, 200));
	expect(calls).toEqual(before === "" ? [] : [1]);
	producer.say("\ude00");
	await until(() => isSaid(`${before}😀`), { what: "the pair" });
	producer.say("\ud83d");
	producer.end();
	await done;
	const { all } = await collect(runs.read("a"));
	expect(all.map(({ data }) => data).join("")).toBe(`${before}😀\ufffd`);
});

test("a run is not lost while its source has said half a surrogate pair", async () => {
	const { runs } = setUp({ batch: { wait: 10 }, lease: 150 });
	const producer = source();
	await runs.start("a", producer.run);
	producer.say("a\ud83d");
	const reading = collect(runs.read("a"));
	await new Promise((resolve) => setTimeout(resolve, 800));
	producer.say("\ude00");
	producer.end();
	expect((await reading).end).toEqual({ status: "done" });
});
