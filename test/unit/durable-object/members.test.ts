import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Guest } from "../../../src/durable-object/guest.ts";
import { Members, type Sleeper } from "../../../src/durable-object/members.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

const guest = (id?: string, more: Partial<Guest> = {}): Guest => ({
	...(id !== undefined && { id }),
	grace: 10_000,
	sees: false,
	...more,
});

/** A stream that hears of members. */
function page(isSlow = () => false) {
	const told: Record<string, unknown>[] = [];
	const tell = (json: string) => {
		if (isSlow()) return false;
		told.push(JSON.parse(json));
		return true;
	};
	return { key: {}, guest: guest(undefined, { sees: true }), tell, told };
}

const silent = () => true;

test("timers run only for a grace period or for a change that a stream must hear of", async () => {
	const members = new Members(() => []);
	const ann = {};
	members.join(ann, guest("ann"), silent);
	expect(vi.getTimerCount()).toBe(0);
	members.leave(ann, guest("ann"));
	members.leave(ann, guest("ann"));
	expect(vi.getTimerCount()).toBe(1);
	expect(members.page("", 9).occupancy).toBe(1);
	await vi.advanceTimersByTimeAsync(10_000);
	expect(members.page("", 9).occupancy).toBe(0);
	expect(vi.getTimerCount()).toBe(0);
});

test("each grace period is kept, and a member that comes back ends its own", async () => {
	const members = new Members(() => []);
	const [ann, bob] = [{}, {}];
	members.join(ann, guest("ann"), silent);
	members.join(bob, guest("bob", { grace: 500 }), silent);
	members.leave(ann, guest("ann"));
	members.leave(bob, guest("bob", { grace: 500 }));
	await vi.advanceTimersByTimeAsync(600);
	expect(members.page("", 9).members).toEqual([{ id: "ann" }]);
	members.join({}, guest("ann"), silent);
	expect(vi.getTimerCount()).toBe(0);
	expect(members.page("", 9).occupancy).toBe(1);
});

test("after hibernation a member that closed meanwhile stays for its grace period and leaves once", async () => {
	const watcher = page();
	const bob = { key: {}, guest: guest("bob"), tell: silent };
	const [ann, again] = [{}, {}];
	const members = new Members(() => [watcher, bob]);
	// Two sockets of one member closed while the object slept.
	members.leave(ann, guest("ann"));
	members.leave(again, guest("ann"));
	expect(members.page("", 9).members.map(({ id }) => id)).toEqual(["ann", "bob"]);
	await vi.advanceTimersByTimeAsync(11_000);
	members.leave(ann, guest("ann")); // reported a second time
	await vi.advanceTimersByTimeAsync(20_000);
	expect(watcher.told).toEqual([{ occupancy: 1, joined: [], left: ["ann"] }]);
});

test("a Worker that reconnects after a deploy hears the members after the others had time to reconnect", async () => {
	const members = new Members(() => []);
	const watcher = page();
	members.join(watcher.key, watcher.guest, watcher.tell, 10_000);
	await vi.advanceTimersByTimeAsync(5_000);
	members.join({}, guest("ann"), silent);
	const fresh = page();
	members.join(fresh.key, fresh.guest, fresh.tell);
	await vi.advanceTimersByTimeAsync(1_500);
	expect(fresh.told).toEqual([{ occupancy: 1, members: [{ id: "ann" }] }]);
	expect(watcher.told).toEqual([]);
	await vi.advanceTimersByTimeAsync(5_000);
	expect(watcher.told).toEqual([{ occupancy: 1, members: [{ id: "ann" }] }]);
	expect(fresh.told).toHaveLength(1);
});

test("a stream that read too slowly hears all members once it reads again", async () => {
	const members = new Members(() => []);
	let isSlow = false;
	const watcher = page(() => isSlow);
	members.join(watcher.key, watcher.guest, watcher.tell);
	await vi.advanceTimersByTimeAsync(200);
	isSlow = true;
	members.join({}, guest("ann"), silent);
	await vi.advanceTimersByTimeAsync(5_000);
	members.join({}, guest("bob", { data: null }), silent);
	isSlow = false;
	await vi.advanceTimersByTimeAsync(2_000);
	expect(watcher.told.slice(1)).toEqual([
		{ occupancy: 2, members: [{ id: "ann" }, { id: "bob", data: null }] },
	]);
	expect(vi.getTimerCount()).toBe(0);
});

test("10,000 members that join within a second are one event, and pages keep to their size", async () => {
	const watcher = page();
	const sleepers: Sleeper[] = Array.from({ length: 9_000 }, (_, n) => ({
		...{ key: {}, tell: silent, guest: guest(`m${n}`) },
	}));
	const members = new Members(() => [watcher, ...sleepers]);
	for (let n = 9_000; n < 10_000; n++) members.join({}, guest(`m${n}`), silent);
	await vi.advanceTimersByTimeAsync(3_000);
	expect(watcher.told).toEqual([{ occupancy: 10_000 }]);
	const found = new Set<string>();
	for (let after = ""; ; ) {
		const { members: some, isFull } = members.page(after, 500);
		expect(some.length).toBeLessThanOrEqual(500);
		for (const { id } of some) found.add(id);
		if (!isFull) break;
		after = some.at(-1)?.id ?? "";
	}
	expect(found.size).toBe(10_000);
});
