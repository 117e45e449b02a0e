import { expect, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ConnectorError } from "../../../src/core/errors.ts";
import { collect, setUp } from "./kit.ts";

/** A broker that carries out claims whose answers are lost, until heal(). */
function deaf() {
	const connector = memory({ history: {} });
	const { runs } = connector;
	if (runs === undefined) throw new Error("It has them.");
	const claim = runs.claim.bind(runs);
	const claiming = vi.spyOn(runs, "claim").mockImplementation(async (...args) => {
		await claim(...args);
		throw new ConnectorError("unavailable", "It did not answer.");
	});
	return { connector, heal: () => claiming.mockRestore() };
}

test("a start() without an answer can be repeated, with a source and in steps", async () => {
	const { connector, heal } = deaf();
	const { runs } = setUp({}, { connector });
	for (let n = 0; n < 3; n++) {
		await expect(runs.start("a", () => ["x"])).rejects.toMatchObject({ code: "unavailable" });
		await expect(runs.start("b", {})).rejects.toMatchObject({ code: "unavailable" });
	}
	heal();
	const [first, second] = await Promise.all([
		runs.start("a", () => ["x"]),
		runs.start("a", () => ["y"]),
	]);
	expect([first.role, second.role]).toEqual(["producer", "reader"]);
	expect(await first.done).toEqual({ status: "done" });
	expect((await runs.snapshot("a"))?.chunks).toEqual(["x"]);

	const { lease = "" } = await runs.start("b", {});
	await runs.append("b", "x", { lease });
	expect((await runs.start("b", {})).role).toBe("reader");
});

test("a repeated start() is a reader when the run has been lost meanwhile", async () => {
	const { connector, heal } = deaf();
	const { runs } = setUp({ lease: 100 }, { connector });
	await expect(runs.start("a", () => ["x"])).rejects.toMatchObject({ code: "unavailable" });
	expect((await collect(runs.read("a"))).end).toEqual({ status: "lost" });
	heal();
	expect((await runs.start("a", () => ["x"])).role).toBe("reader");
});

test("only the same process with the same lease takes over such a run", async () => {
	const { connector, heal } = deaf();
	const { runs } = setUp({}, { connector });
	await expect(runs.start("a", () => ["x"])).rejects.toMatchObject({ code: "unavailable" });
	heal();
	expect((await setUp({}, { connector }).runs.start("a", () => ["y"])).role).toBe("reader");
	expect((await runs.start("a", { lease: 1_000 })).role).toBe("reader");
	expect((await runs.start("a", () => ["x"])).role).toBe("producer");
});
