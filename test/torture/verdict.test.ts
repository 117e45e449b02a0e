import { expect, test } from "vitest";
import type { StoreLoss } from "./environment.ts";
import { Ledger } from "./ledger.ts";
import { judge } from "./verdict.ts";

const news = {
	...{ channels: ["news"], confirmedOnly: false, maxLength: 3 },
	...{ storeLosses: [] as StoreLoss[], wiped: false },
};

/** The verdict on a client that begins at a position, and is sent the message of one id. */
function verdictOn(start: string, sent: string, truth = news, at = 1_000) {
	const ledger = new Ledger();
	const [entry] = ["200-4", "100-1", "100-2", "200-3"]
		.map((id) => ({ id, key: `news/p/${id}` }))
		.map(({ id, key }) => ledger.acknowledged("news", key, id))
		.filter(({ id }) => id === sent);
	if (entry === undefined) throw new TypeError(`Nobody published ${sent}.`);
	const visit = { hub: "", began: 0, cursor: undefined };
	const client = {
		channels: ["news"],
		problems: [],
		seen: new Map([["news", [{ entry, at, visit }]]]),
		start: new Map([["news", start]]),
	};
	return judge([client], ledger, truth);
}

test("a client that begins in a new, empty store need not get what the old one held", () => {
	const { lost } = verdictOn("~200-0", "200-4");
	expect(lost).toBe(1); // 200-3
});

test("a client that found the store empty before the first message must get all", () => {
	expect(verdictOn("~100-0", "200-4").lost).toBe(3);
	expect(verdictOn("~200-3", "200-4").lost).toBe(1);
	expect(verdictOn("200-3", "200-4").lost).toBe(0);
});

test("a wipe after an empty position excuses only the messages that it took", () => {
	const storeLosses = [{ from: 150, to: 160 }];
	expect(verdictOn("~100-0", "200-4", { ...news, storeLosses, wiped: true }).lost).toBe(1);
	// It came before the wipe, so the message before it was there.
	expect(verdictOn("~100-0", "100-2", { ...news, storeLosses, wiped: true }, 140).lost).toBe(3);
	// It came after the wipe, from what the process had received, and the message before it was gone.
	expect(verdictOn("~100-0", "100-2", { ...news, storeLosses, wiped: true }, 170).lost).toBe(2);
	expect(verdictOn("100-1", "200-4", { ...news, storeLosses, wiped: true }).lost).toBe(2);
	// A store that ends with its process has other positions after that.
	expect(verdictOn("~100-0", "200-4", { ...news, storeLosses }).lost).toBe(3);
});
