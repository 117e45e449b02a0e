import { afterAll, beforeAll, expect, test } from "vitest";
import { properties } from "./properties.ts";
import { type Fuzz, openFuzz, readersShare } from "./round.ts";

// The short form of `npm run fuzz`, always with the same seed. Another seed: SEED=123 npm run test:fuzz
const seed = Number(process.env.SEED ?? 20_260_815);
const cases = 10_000;

let fuzz: Fuzz;
beforeAll(async () => {
	fuzz = await openFuzz();
});
afterAll(() => fuzz.close());

test("every reader hears exactly the events that were sent", () => fuzz.readers.run(seed, cases));

test.for(properties.map(({ name }) => name))("%s", async (name) => {
	await fuzz.others.find((step) => step.name === name)?.run(seed, cases);
});

test("the shares of all cases add up to 100", () => {
	expect(properties.reduce((sum, { share }) => sum + share, readersShare)).toBe(100);
});
