import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testBroker } from "../../../../src/testing.ts";
import { open, scene, told } from "./kit.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const heads = (calls: readonly string[]) => calls.filter((call) => call === "head a").length;

test("clients of an empty channel get an id that is at most seconds old, and share one read for it", async () => {
	const it = scene({ history: {} });
	const first = await (await open(it)).placed();
	// The id moves on with everything else in the store.
	await it.sse.publish("x", { channel: "b" });
	expect(await (await open(it)).placed()).toBe(first);
	expect(heads(it.calls)).toBe(1);
	vi.advanceTimersByTime(6_000);
	const late = await Promise.all([1, 2, 3].map(async () => (await open(it)).placed()));
	expect(new Set(late).size).toBe(1);
	expect(late[0]).not.toBe(first);
	expect(heads(it.calls)).toBe(2);
	// A client with the old id is at the same place, and gets the new id.
	const back = await open(it, "channel=a", { headers: { "last-event-id": first } });
	expect(await back.when(() => back.lastEventId !== first && back.lastEventId, "a place")).toBe(
		late[0],
	);
	await it.sse.publish("y", { channel: "a" });
	expect(await back.data(1)).toEqual(["y"]);
	expect(told(it)).toEqual([]);
});

test("when the broker does not answer that read, this is reported and the client gets the known id", async () => {
	const broker = testBroker({ history: {} });
	const it = scene({ connector: broker.connect() });
	const first = await (await open(it)).placed();
	vi.advanceTimersByTime(6_000);
	broker.fail("history");
	expect(await (await open(it)).placed()).toBe(first);
	expect(await (await open(it)).placed()).toBe(first);
	expect(told(it)).toEqual(["upstream: The test took the broker down."]);
});

test("a channel that has a message is not read again", async () => {
	const it = scene({ history: {} });
	await open(it);
	await it.sse.publish("x", { channel: "a" });
	vi.advanceTimersByTime(60_000);
	await open(it);
	expect(heads(it.calls)).toBe(1);
});

test("an impossible id of an empty channel is a gap only once", async () => {
	const it = scene({ history: {} });
	const headers = { "last-event-id": "~99999999999999-9" };
	const forger = await open(it, "channel=a", { headers });
	await forger.when(() => forger.gaps.length === 1, "the gap");
	const place = await forger.when(() => forger.lastEventId, "a place");
	const back = await open(it, "channel=a", { headers: { "last-event-id": place } });
	await it.sse.publish("x", { channel: "a" });
	expect(await back.data(1)).toEqual(["x"]);
	expect(back.gaps).toEqual([]);
	const json = async (lastEventId: string) => {
		const url = `http://localhost/?channel=b&lastEventId=${lastEventId}`;
		const asking = new Request(url, { headers: { accept: "application/json" } });
		return (await (await it.sse.fetch(asking)).json()) as { lastEventId: string; gap: boolean };
	};
	const first = await json("~99999999999999-9");
	expect(first.gap).toBe(true);
	expect(await json(first.lastEventId)).toMatchObject({ gap: false });
});
