import { expect, test } from "vitest";
import { open, scene } from "./kit.ts";

test("clients that name the same channels in another order get the same bytes", async () => {
	const it = scene({ history: {} });
	const orders = ["abc", "cab", "bca", "cba", "acb"].map((names) =>
		[...names].map((name) => `channel=${name}`).join("&"),
	);
	const clients = await Promise.all(orders.map((query) => open(it, query)));
	for (const channel of ["b", "a", "c"]) await it.sse.publish(channel, { channel });
	for (const client of clients) expect(await client.data(3)).toEqual(["b", "a", "c"]);
	expect(new Set(clients.map(({ text }) => text)).size).toBe(1);
	// The cursor is valid in any order.
	const lastEventId = clients[0]?.events[0]?.id ?? "";
	for (const query of orders) {
		const back = await open(it, query, { headers: { "last-event-id": lastEventId } });
		expect((await back.data(2)).toSorted()).toEqual(["a", "c"]);
		expect(back.gaps).toEqual([]);
	}
});
