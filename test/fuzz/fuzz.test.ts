import { afterAll, beforeAll, expect, test } from "vitest";
import { properties } from "./properties.ts";
import { type Fuzz, openFuzz, readersShare } from "./round.ts";

// The short form of `npm run fuzz`, always with the same seed. Another: SEED=123 npm run test:fuzz
const seed = Number(process.env.SEED ?? 20_260_815);
const cases = 10_000;

let fuzz: Fuzz;
beforeAll(async () => {
	fuzz = await openFuzz();
});
afterAll(() => fuzz.close());

test("every reader there is hears what was said, and nothing else", () =>
	fuzz.readers.run(seed, cases));

test.for(properties.map(({ name }) => name))("%s", async (name) => {
	await fuzz.others.find((step) => step.name === name)?.run(seed, cases);
});

test("all cases of a run are shared out", () => {
	expect(properties.reduce((sum, { share }) => sum + share, readersShare)).toBe(100);
});
