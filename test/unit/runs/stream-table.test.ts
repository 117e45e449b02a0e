import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { until } from "../../support/wait.ts";
import { setUp, source } from "./kit.ts";
import { foreign, parsed, readText, request } from "./stream-kit.ts";

/** The table in docs/runs.md: run, cursor, `replay: "after"`, `replay: "all"`. */
const [, section = ""] = readFileSync(
	new URL("../../../docs/runs.md", import.meta.url),
	"utf8",
).split("\n## What a request gets\n");
const [table = ""] = section.split("\n## ");
const rows = table
	.split("\n")
	.filter((line) => line.startsWith("| ") && !line.startsWith("| the run"))
	.map((line) => line.slice(2, -2).split(" | "));
const cells = rows.flatMap(([run = "", cursor = "", after = "", all = ""]) =>
	(
		[
			["after", after],
			["all", all],
		] as const
	).flatMap(([replay, expected]) =>
		(["plain", "foreign"] as const).map((format) => ({ run, cursor, replay, format, expected })),
	),
);

test("the table in docs/runs.md has all states and cursors", () => {
	expect(new Set(rows.map(([run]) => run))).toEqual(
		new Set(["unknown", "running", "ended", "expired"]),
	);
	expect(cells).toHaveLength(44);
});

test.each(cells)(
	"stream() of a run: $run, cursor: $cursor, replay: $replay, $format: $expected",
	async (cell) => {
		const { runs } = setUp({ keepDone: cell.run === "expired" ? 50 : 60_000, batch: { wait: 0 } });
		const producer = source();
		let ids: string[] = [];
		if (cell.run !== "unknown") {
			const { done } = await runs.start("a", producer.run);
			producer.say({ n: 1 }, { n: 2 }, { n: 3 });
			const three = async () => (await runs.status("a"))?.messages === 3;
			await until(three, { what: "three chunks" });
			const read = async (count: number) => {
				const text = await readText(await runs.stream(request(), "a"), count);
				ids = parsed(text).map(({ id }) => id);
			};
			if (cell.run !== "ended") await read(3);
			if (cell.run !== "running") {
				producer.end();
				await done;
			}
			if (cell.run === "ended") await read(4);
			if (cell.run === "expired") {
				await until(async () => (await runs.status("a")) === undefined, { what: "its expiry" });
			}
		}
		const cursors: Record<string, string | undefined> = {
			absent: undefined,
			present: "1-1",
			"absent or present": ids[0],
			"inside the run": ids[0],
			"the last chunk": ids[2],
			"at the end": ids[3],
			"of another run": "1-1",
		};
		expect(Object.keys(cursors)).toContain(cell.cursor);
		const waits = cell.expected.includes("wait");
		const begun = performance.now();
		const format = cell.format === "plain" ? "plain" : foreign;
		const response = await runs.stream(request(cursors[cell.cursor]), "a", {
			replay: cell.replay,
			format,
			wait: waits ? 150 : 60_000,
		});
		const took = performance.now() - begun;
		const [what = "", status = "200"] = cell.expected.split(/, | after /).toReversed();
		const isAbsent = cell.expected.startsWith("404");
		if (isAbsent || cell.expected === "204") {
			const expected = isAbsent && cell.format === "plain" ? 404 : 204;
			expect(response.status, `${what} ${status}`).toBe(expected);
			if (waits) expect(took).toBeGreaterThan(140);
			else expect(took).toBeLessThan(50_000);
			return;
		}
		expect(response.status).toBe(200);
		const missed = cell.expected.startsWith("all chunks")
			? 0
			: cell.cursor === "inside the run"
				? 1
				: 3;
		producer.say({ n: 4 });
		producer.end();
		const events = parsed(await readText(response));
		const seen = events.slice(0, -1).map(({ data }) => JSON.parse(data).n);
		expect(seen).toEqual([1, 2, 3, ...(cell.run === "running" ? [4] : [])].slice(missed));
		expect(events.at(-1)).toMatchObject({ data: cell.format === "plain" ? "" : "[done]" });
	},
);
