import { expect, test } from "vitest";
import type { RunFormat } from "../../../src/runs.ts";
import { setUp, source } from "./kit.ts";

const request = () => new Request("http://localhost/");

const fails = (): never => {
	throw new Error("of the format");
};

const sound: RunFormat = {
	absent: 404,
	comesBack: true,
	chunk: ({ data }) => `data:${data}\n\n`,
	end: () => "data:end\n\n",
	failure: () => "data:failure\n\n",
	comeBack: (ms) => `:again in ${ms > 1_000 ? "a while" : ms}\n\n`,
};

test.each<[what: string, format: RunFormat, says: string]>([
	["chunk", { ...sound, chunk: fails }, ":\n\n:again in a while\n\n"],
	["end", { ...sound, end: fails }, ":\n\ndata:x\n\n"],
	["chunk and comeBack", { ...sound, chunk: fails, comeBack: fails }, ":\n\n"],
	["chunk and failure", { ...sound, comesBack: false, chunk: fails, failure: fails }, ":\n\n"],
])("a format whose %s throws ends its response and frees the slot", async (_, format, says) => {
	const { runs, sse, errors } = setUp();
	await (await runs.start("a", () => ["x"])).done;
	expect(await (await runs.stream(request(), "a", { format })).text()).toBe(says);
	expect(sse.stats().connections).toBe(0);
	expect(errors.map(String)).toContain("Error: of the format");
});

test.each(["comeBack", "failure"] as const)(
	"a %s() that throws at the end of maxDuration is reported and ends no process",
	async (name) => {
		const format = { ...sound, comesBack: name === "comeBack", [name]: fails };
		const { runs, errors } = setUp({}, { maxDuration: 100, keepAlive: 10 });
		await runs.start("a", source().run);
		const text = await (await runs.stream(request(), "a", { format })).text();
		expect(text).toMatch(/^(:\n\n)+$/);
		expect(errors).toEqual([new Error("of the format")]);
	},
);

test("invalid headers of a format reject, and leave no stream behind", async () => {
	const { runs, sse } = setUp();
	await runs.start("a", source().run);
	const format = { ...sound, headers: { "not a name": "x" } };
	await expect(runs.stream(request(), "a", { format })).rejects.toThrow(TypeError);
	expect(sse.stats().connections).toBe(0);
});
