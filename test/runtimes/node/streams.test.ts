import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { type EventStream, openSocketStream, openStream } from "../../support/event-stream.ts";
import { call } from "../../support/hub-client.ts";
import { patience, until, within } from "../../support/wait.ts";
import { hosts, instance, pastTheResponse, sentByUs, socketWrites } from "./hosts.ts";
import { RawClient } from "./raw-client.ts";

/**
 * Streams on every host that gives access to Node's response. Where we send them ourselves, they are written to
 * its socket instead of web streams.
 */

const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));
const nextTurn = () => new Promise((next) => setImmediate(next));

function closing<T extends EventStream>(stream: T): T {
	onTestFinished(() => stream.close());
	return stream;
}

describe.each(Object.entries(hosts))("%s", (host, start) => {
	const open = async () => {
		const { sse, errors } = instance({ limits: { bufferedBytes: 200_000 } });
		const { url, server } = await start(sse);
		const connections = (count: number) =>
			until(() => sse.stats().connections === count, {
				what: `${count} connections`,
			});
		return { sse, errors, url, server, connections };
	};

	test("streams whole and in order, past the response where we send it", async () => {
		const { sse, url, server } = await open();
		const writes = socketWrites(server);
		const stream = closing(await openSocketStream(url));
		expect(stream.status).toBe(200);
		expect(Object.fromEntries(stream.headers)).toMatchObject({
			"content-type": "text/event-stream",
			"cache-control": "no-cache, no-transform",
			"transfer-encoding": "chunked",
		});
		await stream.comment();
		const before = writes.length;
		const texts = ["é漢😀", "", "ü", "a\nb", "x".repeat(70_000), ...numbers(200)];
		for (const [at, text] of texts.entries()) {
			await sse.publish(text);
			// Some leave together, some alone.
			if (at % 3 === 0) await nextTurn();
		}
		expect(await stream.data(texts.length)).toEqual(texts);
		const made = writes.slice(before);
		expect(pastTheResponse(made)).toBe(sentByUs.includes(host) ? made.length : 0);
	});

	test("brings 500 clients everything, in order", async () => {
		const { sse, url } = await open();
		const streams = await Promise.all(
			numbers(500).map(async () => closing(await openSocketStream(url))),
		);
		const texts = numbers(40);
		for (const text of texts) await sse.publish(text).then(nextTurn);
		for (const stream of streams) expect(await stream.data(40)).toEqual(texts);
	});

	test("frees clients that leave, however they do it", async () => {
		const { url, connections } = await open();
		const fetched = await openStream(url);
		const [closed, reset] = [await openSocketStream(url), await openSocketStream(url)];
		await Promise.all([fetched, closed, reset].map((stream) => stream.comment()));
		await connections(3);
		fetched.close();
		await connections(2);
		closed.close();
		await connections(1);
		reset.reset();
		await connections(0);
	});

	test("answers HEAD with the head alone", async () => {
		const { sse, url } = await open();
		const { status, headers } = await call(url, { method: "HEAD" });
		expect(status).toBe(200);
		expect(headers.get("content-type")).toBe("text/event-stream");
		expect(sse.stats().connections).toBe(0);
	});

	test("keeps the connection usable for the next request after a stream has ended", async () => {
		const { sse, url } = await open();
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		onTestFinished(() => agent.destroy());
		const ask = async () => {
			const request = get(url, { agent });
			const [response] = (await once(request, "response")) as [IncomingMessage];
			response.setEncoding("utf8");
			return { request, response };
		};
		const { response } = await ask();
		let text = "";
		response.on("data", (part: string) => {
			text += part;
		});
		await sse.publish("one");
		await nextTurn();
		await sse.publish("two");
		await nextTurn();
		await sse.close();
		await within(once(response, "end"), patience, "the end of the stream");
		expect(text).toMatch(/^:\n\ndata:one\n\ndata:two\n\nretry:\d+\n\n$/);

		const next = await ask();
		expect(next.request.reusedSocket).toBe(true);
		const [answer] = await next.response.toArray();
		expect(answer).toMatch(/^:\n\nretry:\d+\n\n$/);
	});

	test.for([
		["HTTP/1.0, which knows no chunks", "HTTP/1.0", ""],
		["HTTP/1.1 that asks to close", "HTTP/1.1", "connection: close\r\n"],
	] as const)("serves a client of %s", async ([_, version, header]) => {
		const { sse, url } = await open();
		const client = await RawClient.to(url);
		client.send(`GET ${new URL(url).pathname} ${version}\r\nhost: a\r\n${header}`.trimEnd());
		await client.until(/:\n\n/);
		await sse.publish("hello").then(nextTurn);
		await sse.publish("there");
		await client.until(/data:there\n\n/);
		await sse.close();
		await until(() => client.isOver, { what: "the end of the connection" });
		const body = ":\n\ndata:hello\n\ndata:there\n\nretry:\\d+\n\n$";
		if (version === "HTTP/1.0") {
			expect(client.text).not.toMatch(/transfer-encoding/i);
			expect(client.text).toMatch(new RegExp(`\r\n\r\n${body}`));
		} else {
			expect(client.text).toMatch(/^connection: close/im);
			expect(client.responses()[0]?.body).toMatch(new RegExp(`^${body}`));
		}
	});

	test("disconnects a client that does not read, and no other", async () => {
		const { sse, errors, url, server, connections } = await open();
		const reader = closing(await openSocketStream(url));
		const sleeper = closing(await openSocketStream(url));
		await connections(2);
		sleeper.pause();
		// The two kernels' buffers fill first: some MB on Linux. The bound here is 64 MB.
		const text = "x".repeat(250_000);
		let sent = 0;
		while (sse.stats().connections === 2) {
			expect(sent, "messages of 250 kB to a client that does not read").toBeLessThan(256);
			await sse.publish(`${++sent} ${text}`);
			await reader.event(sent);
		}
		expect(errors).toMatchObject([{ code: "slow_consumer" }]);
		await until(
			() => new Promise((resolve) => server.getConnections((_, count) => resolve(count === 1))),
			{ what: "its connection to be closed" },
		);
		await sse.publish("on and on");
		expect(await reader.event(sent + 1)).toMatchObject({ data: "on and on" });
	});

	test("lets its server close, once the streams have ended", async () => {
		const { sse, url, server } = await open();
		const streams = await Promise.all([openSocketStream(url), openStream(url)]);
		for (const stream of streams) await closing(stream).comment();
		const closed = once(server, "close");
		server.close();
		await sse.close();
		for (const stream of streams) {
			await stream.end();
			expect(stream.state).toBe("ended");
		}
		// Of the client that keeps its connection. One with an unfinished response would stay.
		server.closeIdleConnections();
		await within(closed, patience, "the server's close");
	});
});
