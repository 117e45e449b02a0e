import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { ask, open, scene } from "./kit.ts";

/** Clients of whose leaving the write is the first to hear, and what becomes of the others. */

/** As Node's response is seen from here; it has not written its head, so that the body goes the ordinary way. */
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

	test(`who comes as the only other client is found gone hears what follows, ${way}`, async () => {
		const it = scene({ linger: 0, ...history });
		const { socket, host } = response();
		await open(it, "channel=a", { host });
		// It is still waiting for the end of the turn when the next client comes, and has nobody to go to.
		await it.sse.publish(1, { channel: "a" });
		socket.destroyed = true;
		const client = await open(it);
		expect(it.sse.stats().connections).toBe(1);
		await it.sse.publish(2, { channel: "a" });
		expect(await client.event()).toMatchObject({ data: "2" });
	});

	test(`who is gone before the answer leaves nothing behind, ${way}`, async () => {
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

test("a client that reconnects while the only other one is found gone gets later messages", async () => {
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

test("a stream that is over listens to its request's signal no more", async () => {
	const it = scene();
	const request = new Request("http://localhost/?channel=a");
	const listeners = () => getEventListeners(request.signal, "abort").length;
	const before = listeners();
	const { body } = await it.sse.fetch(request);
	expect(listeners()).toBe(before + 1);
	await body?.cancel();
	expect(listeners()).toBe(before);
});
