import { expect, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { collect, setUp } from "./kit.ts";

/** More chunks than one page has. */
const many = () => Array.from({ length: 1_200 }, (_, n) => ({ n }));

const gone = { code: "unknown_run" };

test("a run that is deleted between two pages is unknown to its readers, not incomplete", async () => {
	const { runs } = setUp();
	for (const again of [false, true]) {
		await (await runs.start("a", many)).done;
		const reading = runs.read("a");
		await reading.next();
		await runs.delete("a");
		if (again) await (await runs.start("a", () => ["another"])).done;
		await expect(collect(reading)).rejects.toMatchObject(gone);
		await runs.delete("a");
	}
});

test("a snapshot during delete() is whole or undefined", async () => {
	const { runs } = setUp();
	for (let n = 0; n < 20; n++) {
		await (await runs.start("a", () => [{ n }])).done;
		const [snapshot] = await Promise.all([runs.snapshot("a"), runs.delete("a")]);
		if (snapshot !== undefined) expect(snapshot.chunks).toEqual([{ n }]);
	}
});

test("a snapshot of a run that is replaced meanwhile is that of the new run", async () => {
	const connector = memory({ history: {} });
	const { runs } = setUp({}, { connector });
	await (await runs.start("a", () => ["old"])).done;
	const { history } = connector;
	if (history === undefined) throw new Error("It has one.");
	const read = vi.spyOn(history, "read").mockImplementationOnce(async (...args) => {
		read.mockRestore();
		await runs.delete("a");
		await (await runs.start("a", () => [{ new: 1 }, { new: 2 }])).done;
		return history.read(...args);
	});
	const snapshot = await runs.snapshot("a");
	expect(snapshot?.chunks).toEqual([{ new: 1 }, { new: 2 }]);
	expect(snapshot?.messages).toBe(2);
});

test("a reader that joins during delete() is told long before the lease is over", async () => {
	// Longer than this test may take.
	const { runs } = setUp({ lease: 600_000 });
	for (const chunks of [[], ["so far"]]) {
		const { lease = "" } = await runs.start("a", {});
		for (const chunk of chunks) await runs.append("a", chunk, { lease });
		// The reader has seen the record before the run is deleted, and does not listen yet.
		const reading = collect(runs.read("a"));
		const deleted = runs.delete("a");
		await expect(reading).rejects.toMatchObject(gone);
		await deleted;
	}
});

test("besides one status call each, waiting readers share one a second", async () => {
	const connector = memory({ history: {} });
	const { runs } = setUp({}, { connector });
	await runs.start("a", {});
	const stop = new AbortController();
	const readings: Promise<unknown>[] = [];
	const read = () => readings.push(collect(runs.read("a", { signal: stop.signal })));
	read();
	if (connector.runs === undefined) throw new Error("It has them.");
	const status = vi.spyOn(connector.runs, "status");
	const begun = performance.now();
	while (performance.now() - begun < 1_500) {
		read();
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	const seconds = (performance.now() - begun) / 1_000;
	const own = readings.length - 1;
	expect(status.mock.calls.length - own).toBeLessThanOrEqual(seconds + 1.5);
	stop.abort();
	await Promise.all(readings);
});

test("a malformed position is a gap, and is not sent to the broker", async () => {
	const connector = memory({ history: {} });
	const { runs } = setUp({}, { connector });
	await (await runs.start("a", () => ["x"])).done;
	if (connector.history === undefined) throw new Error("It has one.");
	const read = vi.spyOn(connector.history, "read");
	for (const after of ["garbage", "", "9".repeat(1_000_000), "1-1\u0000", "$"]) {
		await expect(runs.read("a", { after }).next()).rejects.toMatchObject({ code: "gap" });
	}
	expect(read).not.toHaveBeenCalled();
});
