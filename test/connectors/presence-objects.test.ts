import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventStream } from "../support/event-stream.ts";
import { startWorker, type Worker } from "../support/worker.ts";
import { SleepingObjects } from "./fixtures/sleeping-client.ts";

/** Presence on Durable Objects in workerd, in both ways of holding streams. */

let worker: Worker;
beforeAll(async () => {
	worker = await startWorker({
		entry: "test/connectors/fixtures/sleeping.ts",
		objects: { SSE: "Sleeper", RELAY: "Relay", SMALL: "Small" },
		canEvict: true,
	});
});
afterAll(() => worker.kill());

let channels = 0;
const fresh = () => `room ${++channels} ü/&`;

interface Told {
	channel: string;
	occupancy: number;
	members?: { id: string; data?: unknown }[];
	joined?: { id: string; data?: unknown }[];
	left?: string[];
}

const toldTo = (stream: EventStream): Told[] =>
	stream.events.filter(({ event }) => event === "sse.presence").map(({ data }) => JSON.parse(data));

/** The members that a page knows. */
function knownBy(stream: EventStream): string {
	const here = new Set<string>();
	for (const { members, joined = [], left = [] } of toldTo(stream)) {
		if (members !== undefined) here.clear();
		for (const { id } of [...(members ?? []), ...joined]) here.add(id);
		for (const id of left) here.delete(id);
	}
	return [...here].sort().join();
}

const patience = { timeout: 20_000, interval: 50 };
const knows = (stream: EventStream, ids: string) =>
	expect.poll(() => knownBy(stream), patience).toBe(ids);

describe.each([
	{ form: "streams held by the object", binding: "SSE", hold: "object" },
	{ form: "streams held by the Worker", binding: "SSE", hold: "worker" },
	{ form: "streams held by an object that relays", binding: "RELAY", hold: "object" },
	{
		form: "streams held by the Worker, of an object that relays",
		binding: "RELAY",
		hold: "worker",
	},
])("$form", ({ binding, hold }) => {
	const objects = () => new SleepingObjects(worker, binding);
	const visit = (channel: string | string[], user: string, more: Record<string, string> = {}) =>
		objects().socket(channel, { hold, ...(user && { user }), ...more });
	const counts = (channel: string, count: number) =>
		expect.poll(() => objects().occupancy(channel), patience).toBe(count);

	test("members are exact: several streams of one client are one member, streams without an id are none", async () => {
		const channel = fresh();
		const data = JSON.stringify({ name: "Ann", mark: "😀" });
		const ann = await visit(channel, "ann", { data });
		const again = await visit(channel, "ann", { data });
		await visit(channel, "bob");
		await visit(channel, "");
		await visit(`${channel}.b`, "eve");
		expect(await objects().members(channel)).toEqual({
			occupancy: 2,
			members: [{ id: "ann", data: { name: "Ann", mark: "😀" } }, { id: "bob" }],
		});
		ann.reset();
		again.reset();
		await counts(channel, 1);
		expect(await objects().members(`${channel}.nobody`)).toEqual({ occupancy: 0, members: [] });
	});

	test("a page gets the members, then each join and leave once; a reload is no leave", async () => {
		const channel = fresh();
		const longer = { grace: "600000" };
		const bob = await visit(channel, "bob");
		const page = await visit(channel, "", { presence: "1" });
		const blind = await visit(channel, "");
		await knows(page, "bob");
		const ann = await visit(channel, "ann", { data: "[1]", ...longer });
		await knows(page, "ann,bob");
		ann.reset();
		await visit(channel, "eve");
		await knows(page, "ann,bob,eve");
		await visit(channel, "ann", { data: "[1]", ...longer }); // a reload
		bob.reset();
		await knows(page, "ann,eve");
		const changes = toldTo(page).slice(1);
		expect(changes.flatMap(({ joined = [] }) => joined)).toEqual([
			{ id: "ann", data: [1] },
			{ id: "eve" },
		]);
		expect(changes.flatMap(({ left = [] }) => left)).toEqual(["bob"]);
		expect(toldTo(page).at(-1)).toEqual({ channel, occupancy: 2, joined: [], left: ["bob"] });
		expect(blind.events).toEqual([]);
	});

	test("a stream of two channels is a member of both, and hears of each by its own name", async () => {
		const [channel, other] = [fresh(), fresh()];
		const prefix = "theirs:";
		const both = await visit([channel, other], "ann", { presence: "1", prefix });
		for (const name of [channel, other]) {
			await expect.poll(() => objects().occupancy(name, { prefix }), patience).toBe(1);
			expect(await objects().occupancy(name)).toBe(0);
		}
		await visit(other, "bob", { prefix });
		const last = () => toldTo(both).findLast((told) => told.channel === other);
		await expect.poll(() => last()?.occupancy, patience).toBe(2);
		expect(toldTo(both).find((told) => told.channel === channel)).toMatchObject({
			members: [{ id: "ann" }],
		});
	});

	test("disconnect ends the streams of a member in a channel, or all of the channel's, and no others", async () => {
		const [channel, other] = [fresh(), fresh()];
		const prefix = "theirs:";
		const control = { "sse.control": "events", prefix };
		const ann = await visit(channel, "ann", control);
		const elsewhere = await visit(other, "ann", control);
		const both = await visit([channel, other], "bob", control);
		const foreign = await visit(channel, "ann");
		await objects().disconnect(channel, { client: "ann", reason: "moved on" }, { prefix });
		await ann.end();
		expect(ann.retries).toHaveLength(1);
		const endOf = (stream: EventStream) =>
			stream.events.filter(({ event }) => event === "sse.disconnect").map(({ data }) => data);
		expect(endOf(ann)).toEqual(['{"reason":"moved on","final":false}']);
		if (binding === "SSE" && hold === "worker") await objects().evict(`${prefix}${channel}`);
		expect(await objects().disconnect(channel, { final: true }, { prefix })).toBe(1);
		await both.end();
		expect(endOf(both)).toEqual(['{"reason":"disconnected","final":true}']);
		// Its Worker or its object has received everything there was.
		await objects().publish(other, "still here", { prefix });
		await elsewhere.first(({ data }) => data === "still here", "a message");
		expect([elsewhere.state, foreign.state]).toEqual(["open", "open"]);
		expect(foreign.events).toEqual([]);
	});

	test("disconnect ends requests that wait for JSON: those of a client, or all of the channel's", async () => {
		const channel = fresh();
		const kept = { hold, history: "1" };
		const answers = ["ann", "bob", "cid"].map((user) => objects().wait(channel, { ...kept, user }));
		// Each waits on a socket of its own. This call ends none of them.
		const end = (client: string) => objects().disconnect(channel, { client });
		await expect.poll(() => end("nobody"), patience).toBe(3);
		await end("ann");
		const [ann, bob, cid] = answers;
		// No message, but a time to come back: `authorize` decides then.
		expect((await ann)?.status).toBe(503);
		await expect.poll(() => end("nobody"), patience).toBe(2);
		await objects().publish(channel, "for bob");
		expect(JSON.parse((await bob)?.body ?? "")).toMatchObject({ messages: [{ data: "for bob" }] });
		await cid;
		const late = objects().wait(channel, kept);
		await expect.poll(() => end("nobody"), patience).toBe(1);
		await objects().disconnect(channel, {});
		expect((await late).status).toBe(503);
	});

	test("disconnect ends the streams of a run", async () => {
		const id = fresh();
		const stream = await objects().run(id, { hold, history: "1", user: "ann" });
		const end = (body: object) => objects().disconnect(`run ${id}`, body);
		await expect.poll(() => end({ client: "bob" }), patience).toBe(1);
		expect(stream.state).toBe("open");
		await end({ client: "ann" });
		await stream.end();
		expect(stream.state).toBe("ended");
		// Its client comes back, and the run goes on.
		expect(stream.retries).toHaveLength(1);
		expect(stream.events).toEqual([]);
	});

	// This works whichever sockets they are.
	if (binding === "RELAY") return;

	test("pages list each member once, in order; above 200 members a stream gets only the number", async () => {
		const channel = fresh();
		const page = await visit(channel, "", { presence: "1" });
		const ids = Array.from({ length: 203 }, (_, n) => `m${String(n).padStart(3, "0")}`);
		const streams = [];
		for (let at = 0; at < ids.length; at += 29) {
			const some = ids.slice(at, at + 29).map((id) => visit(channel, id, { grace: "0" }));
			streams.push(...(await Promise.all(some)));
		}
		await counts(channel, ids.length);
		const found: string[] = [];
		for (let after: string | undefined = ""; after !== undefined; ) {
			const answer = await objects().members(channel, { limit: "50", after });
			expect(answer.members.length).toBeLessThanOrEqual(50);
			found.push(...answer.members.map(({ id }) => id));
			after = answer.next;
		}
		expect(found).toEqual(ids);
		await expect.poll(() => toldTo(page).at(-1), patience).toEqual({ channel, occupancy: 203 });
		for (const stream of streams.slice(0, 3)) stream.reset();
		// All members, once they are few.
		await expect.poll(() => toldTo(page).at(-1)?.members?.length, patience).toBe(200);
	}, 90_000);
});

describe("objects that sleep", () => {
	const objects = () => new SleepingObjects(worker);
	/** The largest id there may be: an attachment holds it. */
	const id = `"${"ü".repeat(127)}"`;
	const data = JSON.stringify("Ω".repeat(511));

	test("an object that wakes knows its members without storage, tells a leave, and keeps a grace", async () => {
		const channel = fresh();
		const page = await objects().socket(channel, { presence: "1" });
		const ann = await objects().socket(channel, { user: id, data });
		await objects().socket(channel, { user: "bob" });
		await knows(page, [id, "bob"].sort().join());
		const births = await objects().births();
		await objects().evict(channel);
		expect((await objects().members(channel)).members).toEqual(
			[{ id, data: JSON.parse(data) }, { id: "bob" }].sort((a, b) => (a.id < b.id ? -1 : 1)),
		);
		await objects().evict(channel);
		// The leave itself wakes it.
		ann.reset();
		await knows(page, "bob");
		await objects().evict(channel);
		await objects().socket(channel, { user: "eve" });
		await knows(page, "bob,eve");
		expect((await objects().births()) - births).toBe(3);
		const [first, ...changes] = toldTo(page).filter(({ joined }) => joined === undefined);
		expect(first?.members).toBeDefined();
		expect(changes).toEqual([]);
		expect(toldTo(page).flatMap(({ left = [] }) => left)).toEqual([id]);
	});
});
