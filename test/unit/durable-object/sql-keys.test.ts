import type { ObjectStorage } from "cloudflare:workers";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { SqlHistory } from "../../../src/durable-object/sql-history.ts";
import { keepingBroker } from "../../../src/durable-object/with-history.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 1_790_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const minute = 60_000;

/** An object's storage. `pass()` moves the clock and fires its alarm. */
function object(maxAge: number) {
	const database = new DatabaseSync(":memory:");
	let alarm: number | null = null;
	/** Matches the statement that fails. */
	let fault: RegExp | undefined;
	const storage = {
		sql: {
			exec: (query: string, ...bindings: (string | number | null)[]) => {
				if (fault?.test(query)) throw new Error("database or disk is full: SQLITE_FULL");
				return { toArray: () => database.prepare(query).all(...bindings) };
			},
		},
		transactionSync: <T>(work: () => T): T => {
			database.exec("BEGIN");
			try {
				const result = work();
				database.exec("COMMIT");
				return result;
			} catch (error) {
				database.exec("ROLLBACK");
				throw error;
			}
		},
		getAlarm: async () => alarm,
		setAlarm: async (time: number) => {
			alarm = time;
		},
		deleteAll: async () => {
			alarm = null;
		},
	} as unknown as ObjectStorage;
	let history = new SqlHistory(storage);
	history.limits = { maxLength: 10, maxAge };
	const count = (table: string) =>
		Number(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.rows);
	return {
		publish: (key?: string) =>
			keepingBroker(memory(), history).publish("a", '{"data":1}', key === undefined ? {} : { key }),
		failAt: (query: RegExp | undefined) => {
			fault = query;
		},
		kept: async () => (await history.read("a", "0-0", 100)).messages.map(({ id }) => id),
		evict: () => {
			history = new SqlHistory(storage);
			history.limits = { maxLength: 10, maxAge };
		},
		pass: async (ms: number) => {
			const end = Date.now() + ms;
			for (let alarms = 0; alarm !== null && alarm <= end; alarms++) {
				expect(alarms).toBeLessThan(10);
				vi.setSystemTime(alarm);
				alarm = null;
				await history.freeExpired();
			}
			vi.setSystemTime(end);
		},
		count,
		tables: () =>
			database
				.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
				.all()
				.map(({ name }) => name),
		alarm: () => alarm,
	};
}

test("messages without a key do not push keys out", async () => {
	const { publish } = object(60 * minute);
	const { id } = await publish("order 7");
	for (let n = 0; n < 10_001; n++) await publish();
	await publish("order 8");
	expect(await publish("order 7")).toEqual({ receivers: 0, id });
});

test("the newest 10,000 keys are kept", async () => {
	const { publish, count } = object(60 * minute);
	const ids: (string | undefined)[] = [];
	for (let n = 0; n <= 10_000; n++) ids.push((await publish(`order ${n}`)).id);
	expect(count("sse_keys")).toBe(10_000);
	expect(await publish("order 1")).toEqual({ receivers: 0, id: ids[1] });
	expect((await publish("order 0")).id).not.toBe(ids[0]);
});

test("a key is known for exactly 5 minutes, and the next publish frees it", async () => {
	const { publish, pass, count } = object(60 * minute);
	const { id } = await publish("order 7");
	await pass(5 * minute - 1);
	expect(await publish("order 7")).toEqual({ receivers: 0, id });
	await pass(1);
	expect((await publish("order 7")).id).not.toBe(id);
	await publish("order 8");
	await pass(5 * minute);
	await publish("order 9");
	expect(count("sse_keys")).toBe(1);
});

test.each([
	["", false],
	[", also of an object that was evicted", true],
])(
	"keys outlive messages with a short `maxAge`%s, and everything is freed in the end",
	async (_, evicted) => {
		const { publish, evict, pass, tables, alarm } = object(1_000);
		const { id } = await publish("order 7");
		await pass(4 * minute);
		expect(tables()).toEqual(["sse_keys"]);
		if (evicted) evict();
		expect(await publish("order 7")).toEqual({ receivers: 0, id });
		await pass(minute + 10_000);
		expect(tables()).toEqual([]);
		expect(alarm()).toBeNull();
		expect((await publish("order 7")).id).not.toBe(id);
	},
);

test.each([
	["the table", /^CREATE TABLE IF NOT EXISTS sse_history/],
	["the message", /^INSERT INTO sse_history/],
	["what goes with it", /^DELETE FROM sse_history/],
	["its key", /^INSERT OR REPLACE INTO sse_keys/],
	["older keys", /^DELETE FROM sse_keys/],
])(
	"when the storage refuses %s nothing of the message is kept, and the next one is stored whole",
	async (_, query) => {
		for (const isFirst of [true, false]) {
			const { publish, failAt, kept, tables, evict } = object(10 * minute);
			const before = isFirst ? [] : [(await publish()).id];
			failAt(query);
			for (let n = 0; n < 2; n++) {
				const refused = publish("order 7");
				if (isFirst || !String(query).includes("CREATE")) {
					await expect(refused).rejects.toMatchObject({ code: "refused", message: /SQLITE_FULL/ });
				} else await refused;
			}
			failAt(undefined);
			if (isFirst) expect(tables()).toEqual([]);
			const { id } = await publish("order 7");
			expect(await kept()).toEqual([...before, id]);
			expect((await publish("order 7")).id).toBe(id);
			evict();
			expect(await kept()).toEqual([...before, id]);
		}
	},
);
