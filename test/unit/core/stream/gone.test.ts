import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { ask, open, scene } from "./kit.ts";

/** Clients that have left, which the hub learns only by a write, and their effect on other clients. */

/** Node's response as the library sees it. Its head is not sent, so the body goes the ordinary way. */
function response() {
	const socket = { destroyed: false, setTimeout: () => undefined, on: () => undefined };
	return {
		socket,
		host: {
			outgoing: {
				headersSent: false,
				writableEnded: false,
				chunkedEncoding: true,
				socket,
				req: { socket },
				once: () => undefined,
				prependOnceListener: () => undefined,
				destroy: () => undefined,
			},
		},
	};
}

for (const history of [{}, { history: { maxLength: 100 } }]) {
	const way = "history" in history ? "with history" : "without history";

	test(`a client that joins while the only other one turns out to be gone gets later messages, ${way}`, async () => {
		const it = scene({ linger: 0, ...history });
		const { socket, host } = response();
		await open(it, "channel=a", { host });
		// The message waits for the end of the turn when the next client joins. Nobody is there to get it.
		await it.sse.publish(1, { channel: "a" });
		socket.destroyed = true;
		const client = await open(it);
		expect(it.sse.stats().connections).toBe(1);
		await it.sse.publish(2, { channel: "a" });
		expect(await client.event()).toMatchObject({ data: "2" });
	});

	test(`a client that is gone before the answer leaves nothing behind, ${way}`, async () => {
		const it = scene({ linger: 0, ...history });
		const first = await open(it);
		const { socket, host } = response();
		socket.destroyed = true;
		await ask(it, "channel=a", { host });
		expect(it.sse.stats().connections).toBe(1);
		await first.close();
		await nextTurn();
		expect(it.sse.stats()).toMatchObject({ connections: 0, channels: 0 });
		const next = await open(it);
		await it.sse.publish("here", { channel: "a" });
		expect(await next.event()).toMatchObject({ data: "here" });
	});
}

test("a client that resumes while the only other one turns out to be gone gets later messages", async () => {
	const it = scene({ linger: 0, history: { maxLength: 100 } });
	const { socket, host } = response();
	await open(it, "channel=a", { host });
	const { id } = await it.sse.publish(1, { channel: "a" });
	socket.destroyed = true;
	const client = await open(it, `channel=a&lastEventId=${id}`);
	await it.sse.publish(2, { channel: "a" });
	await client.sees(1);
	await it.sse.publish(3, { channel: "a" });
	expect(await client.sees(2)).toEqual([2, 3]);
});

test("a stream that has ended removes its listener from the request's signal", async () => {
	const it = scene();
	const request = new Request("http://localhost/?channel=a");
	const listeners = () => getEventListeners(request.signal, "abort").length;
	const before = listeners();
	const { body } = await it.sse.fetch(request);
	expect(listeners()).toBe(before + 1);
	await body?.cancel();
	expect(listeners()).toBe(before);
});
