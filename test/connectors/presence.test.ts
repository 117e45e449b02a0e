import { describe, expect, test } from "vitest";
import { parsed } from "../unit/core/message/parsed.ts";
import { useGrounds } from "./fleet.ts";
import { grace, instance, patience, visit, visitSilently } from "./presence-kit.ts";

/** Presence: the same on every connector that supports it, and after processes and brokers are killed. */

const { grounds } = useGrounds();

describe.each(grounds)("$name", ({ connect }) => {
	test("members and occupancy cover all processes; a member with many streams is one", async () => {
		const [one, other] = [instance(connect()), instance(connect())];
		const channel = crypto.randomUUID();
		const streams = await Promise.all([
			visit(one.sse, channel, "ann"),
			visit(one.sse, channel, "ann"),
			visit(other.sse, channel, "ann"),
			visit(other.sse, channel, "bob"),
			visit(other.sse, channel),
			visit(other.sse, `${channel}.b`, "eve"),
		]);
		await expect.poll(() => one.presence.occupancy(channel), patience).toBe(2);
		expect(await other.presence.members(channel)).toEqual({
			occupancy: 2,
			members: [
				{ id: "ann", data: { name: "ANN" } },
				{ id: "bob", data: { name: "BOB" } },
			],
		});
		await Promise.all(streams.slice(0, 2).map(({ leave }) => leave()));
		// Her stream in the other process is still there.
		await new Promise((resolve) => setTimeout(resolve, 2 * grace));
		expect(await one.presence.occupancy(channel)).toBe(2);
		await streams[2]?.leave();
		await expect.poll(() => one.presence.occupancy(channel), patience).toBe(1);
		expect((await one.presence.members(channel)).members).toMatchObject([{ id: "bob" }]);
		expect(await one.presence.members(`${channel}.nobody`)).toEqual({ occupancy: 0, members: [] });
		expect([...one.reports, ...other.reports]).toEqual([]);
	});

	test("a page gets the members, then each join and leave once; a reload is no leave", async () => {
		const longer = { grace: 3_000 };
		const [one, other] = [instance(connect(), longer), instance(connect(), longer)];
		const channel = crypto.randomUUID();
		const bob = await visit(other.sse, channel, "bob");
		await expect.poll(() => bob.known(), patience).toEqual(["bob"]);
		const page = await visit(one.sse, channel);
		const blind = await visit(one.sse, channel, "", false);
		await expect.poll(() => page.known(), patience).toEqual(["bob"]);
		let ann = await visit(other.sse, channel, "ann");
		await expect.poll(() => page.known(), patience).toEqual(["ann", "bob"]);
		await ann.leave();
		await visit(other.sse, channel, "eve");
		// She was away while the page was told of another member.
		await expect.poll(() => page.known(), patience).toEqual(["ann", "bob", "eve"]);
		ann = await visit(one.sse, channel, "ann"); // a reload, at the other process
		await bob.leave();
		await expect.poll(() => page.known(), patience).toEqual(["ann", "eve"]);
		await ann.leave();
		await expect.poll(() => page.known(), patience).toEqual(["eve"]);
		const changes = page.told().slice(1);
		expect(changes.flatMap(({ joined = [] }) => joined)).toEqual([
			{ id: "ann", data: { name: "ANN" } },
			{ id: "eve", data: { name: "EVE" } },
		]);
		expect(changes.flatMap(({ left = [] }) => left)).toEqual(["bob", "ann"]);
		expect(page.told().at(-1)).toEqual({ channel, occupancy: 1, joined: [], left: ["ann"] });
		expect(blind.told()).toEqual([]);
		expect([...one.reports, ...other.reports]).toEqual([]);
	});

	test("pages list each member once, in order, while others come and go", async () => {
		const { sse, presence } = instance(connect(), { grace: 0 });
		const channel = `${crypto.randomUUID()}{a}b}`;
		const ids = Array.from({ length: 60 }, (_, n) => `m${String(n).padStart(3, "0")}`);
		ids.push("m", "m0", "é", "😀", "a b", 'q"uote');
		for (const id of ids) await visitSilently(sse, channel, id);
		await expect.poll(() => presence.occupancy(channel), patience).toBe(ids.length);
		const found: string[] = [];
		for (let after: string | undefined = ""; after !== undefined; ) {
			const page = await presence.members(channel, { limit: 7, after });
			found.push(...page.members.map(({ id }) => id));
			after = page.next;
		}
		expect(found.toSorted()).toEqual(ids.toSorted());
		expect(new Set(found).size).toBe(ids.length);
	});

	test("disconnect ends a member's streams by the id of presence", async () => {
		const [one, other] = [instance(connect()), instance(connect())];
		const channel = crypto.randomUUID();
		const ann = await visit(one.sse, channel, "ann");
		await visit(other.sse, channel, "bob");
		await expect.poll(() => other.presence.occupancy(channel), patience).toBe(2);
		await other.sse.disconnect({ client: "ann", channel });
		await expect.poll(() => other.presence.occupancy(channel), patience).toBe(1);
		expect(parsed(ann.text()).retries).toHaveLength(1);
	});

	test("an instance that closes keeps its members for the grace, and others remove them", async () => {
		if (connect === grounds[0]?.connect) return; // its broker ends with it
		const [one, other] = [instance(connect()), instance(connect(), { grace: 500 })];
		const channel = crypto.randomUUID();
		const page = await visit(one.sse, channel);
		await visit(other.sse, channel, "ann");
		await visit(other.sse, channel, "bob");
		await expect.poll(() => page.known(), patience).toEqual(["ann", "bob"]);
		await other.sse.close();
		await visit(one.sse, channel, "ann"); // came back within the grace
		await expect.poll(() => page.known(), patience).toEqual(["ann"]);
		expect(page.told().flatMap(({ left = [] }) => left)).toEqual(["bob"]);
	});
});
