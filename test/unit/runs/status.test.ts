import { describe, expect, test } from "vitest";
import { until } from "../../support/wait.ts";
import { collect, setUp, source, textOf } from "./kit.ts";

describe("status(), snapshot() and delete()", () => {
	test("status() and snapshot() are right before, during and after a run", async () => {
		const { runs } = setUp();
		expect(await runs.status("a")).toBeUndefined();
		expect(await runs.snapshot("a")).toBeUndefined();
		await expect(collect(runs.read("a"))).rejects.toMatchObject({ code: "unknown_run" });
		const producer = source();
		const { done } = await runs.start("a", producer.run);
		expect(await runs.snapshot("a")).toMatchObject({ status: "running", chunks: [], text: "" });
		producer.say("one", { two: 2 });
		await until(async () => (await runs.status("a"))?.messages === 2, { what: "two messages" });
		const snapshot = await runs.snapshot("a");
		expect(snapshot).toMatchObject({ chunks: ["one", { two: 2 }], text: "one" });
		producer.say("three");
		producer.end();
		await done;
		const rest = await collect(runs.read("a", { after: snapshot?.lastEventId }));
		expect(rest.all.map(({ data }) => data)).toEqual(["three"]);
		const status = await runs.status("a");
		expect(status).toMatchObject({ status: "done", messages: 3 });
		expect(status?.endedAt).toBeGreaterThanOrEqual(status?.startedAt ?? Infinity);
	});

	test("delete() ends the readers and the producer, and frees the id", async () => {
		const { runs } = setUp();
		const producer = source();
		const { done } = await runs.start("a", producer.run);
		producer.say("old");
		const reading = runs.read("a");
		await reading.next();
		const next = reading.next();
		await runs.delete("a");
		await expect(next).rejects.toMatchObject({ code: "unknown_run" });
		expect((await runs.start("a", () => ["new"])).role).toBe("producer");
		producer.say("late");
		await done;
		expect(producer.signal?.reason).toMatchObject({ code: "superseded" });
		expect(textOf((await collect(runs.read("a"))).all)).toBe("new");
	});

	test("an ended run is gone after keepDone", async () => {
		const { runs } = setUp({ keepDone: 100 });
		const { done } = await runs.start("a", () => ["one"]);
		await done;
		expect(await runs.status("a")).toBeDefined();
		await until(async () => (await runs.status("a")) === undefined, {
			what: "the end of its time",
		});
		await expect(collect(runs.read("a"))).rejects.toMatchObject({ code: "unknown_run" });
		expect((await runs.start("a", () => [])).role).toBe("producer");
	});

	test("a cursor of another run is a gap", async () => {
		const { runs } = setUp();
		await (await runs.start("a", () => ["one"])).done;
		const other = (await runs.snapshot("a"))?.lastEventId;
		await (await runs.start("b", () => ["one"])).done;
		const producer = source();
		await runs.start("c", producer.run);
		for (const id of ["b", "c"]) {
			await expect(collect(runs.read(id, { after: other }))).rejects.toMatchObject({ code: "gap" });
		}
	});
});
