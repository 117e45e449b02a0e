import { expect, test } from "vitest";
import type { Broker } from "../scene.ts";
import { Scene } from "../scene.ts";

export function publishing(broker: Broker): void {
	test("publish resolves to the id of the event", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const client = await scene.open(sse, channel);
		const other = scene.other(sse);
		const ids = await scene.publish(other, channel, "one", { two: 2 });
		await client.sees(2);
		expect(client.events.map(({ id }) => id)).toEqual(ids);
		expect(client.events.map(({ data }) => data)).toEqual(['"one"', '{"two":2}']);
	});

	test("an id of the caller's own is refused, and nothing is published", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const client = await scene.open(sse, channel);
		const publishing = sse.publish("x", { channel, id: "42" });
		await expect(publishing).rejects.toThrow(TypeError);
		await expect(publishing).rejects.toThrow(/id:.*history/);
		await scene.publish(sse, channel, 1);
		expect(await client.sees(1)).toEqual([1]);
	});

	test("types of edge-sse's own are refused, and dropped when other programs send them", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const client = await scene.open(sse, channel);
		for (const type of ["sse.gap", "sse.", "sse.anything"]) {
			await expect(sse.publish("x", { channel, type })).rejects.toThrow(/type:.*sse\./);
			const forged = JSON.stringify({ data: { channel }, type });
			await broker.foreign(sse.connector, channel, forged);
		}
		await sse.publish(1, { channel, type: "ssegap" });
		expect(await client.sees(1)).toEqual([1]);
		expect(client.events).toHaveLength(1);
		expect(await scene.codes(channel)).toContain("bad_message");
	});

	test("a Flask app's message is streamed without an id, and moves no cursor", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const [one, two] = [scene.channel("one"), scene.channel("two")];
		for (const channels of [[one], [one, two]]) {
			const client = await scene.open(sse, channels);
			const messages = await scene.open(sse, channels);
			await client.placed();
			await scene.publish(sse, one, "kept");
			await client.sees(1);
			const cursor = client.lastEventId;
			for (const payload of [
				'{"data": "\\"flask\\""}',
				'{"data": "\\"flask\\"", "id": "1700000000000-0"}',
				'{"data": "\\"flask\\"", "type": "x", "id": "999999999999999-0"}',
			]) {
				await broker.foreign(sse.connector, one, payload);
			}
			await client.sees(4);
			expect(client.events.slice(1).map(({ id }) => id)).toEqual([undefined, undefined, undefined]);
			expect(client.lastEventId).toBe(cursor);
			// What is stored after it arrives, live and replayed.
			await scene.publish(sse, one, "after");
			expect((await client.sees(5)).at(-1)).toBe("after");
			const back = await scene.open(sse, channels, { lastEventId: cursor });
			expect(await back.sees(1)).toEqual(["after"]);
			expect(back.gaps).toEqual([]);
			messages.close();
		}
	});

	test("a Flask app's message reaches clients during their replay, too", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const held = await scene.open(sse, channel);
		const cursor = await held.placed();
		const ids = await scene.publish(sse, channel, 1, 2, 3);
		const back = await scene.open(sse, channel, { lastEventId: cursor });
		await broker.foreign(sse.connector, channel, '{"data": "\\"flask\\""}');
		await back.sees(4);
		expect(back.seen.toSorted()).toEqual([1, 2, 3, "flask"]);
		expect(back.lastEventId).toBe(ids.at(-1));
	});

	test("a publish is one command", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		await scene.publish(sse, channel, "the first one may bring the script");
		const before = await broker.commands();
		await scene.publish(sse, channel, ...Array.from({ length: 20 }, (_, n) => n));
		expect((await broker.commands()) - before).toBe(20);
	});
}
