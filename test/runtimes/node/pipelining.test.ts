import { once } from "node:events";
import type { Server } from "node:http";
import { Hono } from "hono";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { toNodeHandler } from "../../../src/adapters/node.ts";
import { call } from "../../support/hub-client.ts";
import { until } from "../../support/wait.ts";
import { type Host, hosts, instance, overHttp } from "./hosts.ts";
import { RawClient } from "./raw-client.ts";

/** Requests that wait behind others on one connection cost nothing until their turn, and are few. */

const requests = (count: number, line: string) =>
	`${line} HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(count);

const isOver = (client: RawClient) =>
	until(() => client.isOver, { what: "the end of the connection" });

describe.each(Object.entries(hosts))("%s", (host, start) => {
	// The whole attack once. The other hosts get enough of it to show the same.
	const count = host === "node:http" ? 28 : 3;
	const open = async (options?: Parameters<typeof instance>[0]) => {
		const { sse } = instance(options);
		const { url, server } = await start(sse);
		const connections = (count: number) =>
			until(() => sse.stats().connections === count, { what: `${count} connections` });
		return { sse, url, server, connections, path: new URL(url).pathname };
	};

	test("a stream takes a connection slot when its turn comes", async () => {
		const key = vi.fn(() => "one");
		const asked: unknown[] = [];
		const authorize = (_: Request, names: readonly string[]) => asked.push(names) > 0;
		const { sse, url, path, connections } = await open({
			limits: { perClient: { key } },
			authorize,
			maxDuration: 400,
		});
		const client = await RawClient.to(url);
		client.socket.write(
			["a", "b", "c"].map((name) => requests(1, `GET ${path}?channel=${name}`)).join(""),
		);
		await connections(1);
		for (const name of ["a", "b", "c"]) {
			await until(async () => (await sse.publish("now", { channel: name })).receivers === 1, {
				what: `the turn of ${name}`,
			});
			expect(sse.stats()).toMatchObject({ connections: 1, refusedStreams: 0 });
		}
		await client.times("data:now", 3);
		expect(asked).toEqual([["a"], ["b"], ["c"]]);
		expect(key).toHaveBeenCalledTimes(3);
		client.socket.destroy();
		await connections(0);
	});

	test("responses stay apart and in order, HEAD among them, and those after the close are told to come back", async () => {
		const { sse, url, path, connections } = await open();
		const client = await RawClient.to(url);
		client.socket.write(`${requests(2, `GET ${path}`)}${requests(1, `HEAD ${path}`)}`);
		await connections(1);
		for (const text of ["a", "b"]) await sse.publish(text);
		await client.until(/data:b/);
		expect(client.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
		await sse.close();
		await client.times("HTTP/1.1 ", 3);
		await client.until(/\r\n\r\n$/);
		const [first, second, last] = client.responses();
		expect(first?.body).toMatch(/^:\n\ndata:a\n\ndata:b\n\nretry:\d+\n\n$/);
		expect(second?.body).toMatch(/^:\n\nretry:\d+\n\n$/);
		expect(last).toEqual({ head: expect.stringMatching(/event-stream/), body: "" });
	});

	test("waiting requests end with their connection", async () => {
		const { sse, url, path, connections } = await open();
		const client = await RawClient.to(url);
		client.socket.write(requests(4, `GET ${path}`));
		await connections(1);
		client.socket.destroy();
		await connections(0);
		expect(sse.stats()).toMatchObject({ connections: 0, channels: 0 });
	});

	test.each(["GET", "HEAD"])(
		`1,900 %s on each of ${count} connections take at most ${count} slots, and the connections are closed`,
		async (method) => {
			const { sse, url, path } = await open({ limits: { connections: 40 } });
			let most = 0;
			const clients = await Promise.all(Array.from({ length: count }, () => RawClient.to(url)));
			const text = requests(1, `GET ${path}`) + requests(1_900, `${method} ${path}`);
			for (const client of clients) client.socket.write(text);
			const watch = setInterval(() => {
				most = Math.max(most, sse.stats().connections);
			}, 1);
			onTestFinished(() => clearInterval(watch));
			for (const client of clients) await isOver(client);
			await until(() => sse.stats().connections === 0, { what: "no connections" });
			expect(most).toBeLessThanOrEqual(count);
			expect(sse.stats().refusedStreams).toBe(0);
			// Other clients are served meanwhile and afterwards.
			expect(await call(url, { method: "HEAD" })).toMatchObject({ status: 200 });
		},
	);
});

async function withOthers(): Promise<
	Host & { published: () => number; sse: ReturnType<typeof instance>["sse"] }
> {
	const { sse } = instance();
	let published = 0;
	const app = new Hono();
	app.get("/stream", (c) => sse.stream(c.req.raw, { host: c.env }));
	app.post("/publish", async (c) => {
		published++;
		await c.req.text();
		return c.text("done");
	});
	return { ...(await overHttp(toNodeHandler(app))), published: () => published, sse };
}

const posts = (count: number) =>
	"POST /publish HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi".repeat(count);

const openSockets = (server: Server) =>
	new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

describe("a route beside the stream", () => {
	test("a few requests may wait for the end of a stream, and are answered then", async () => {
		const { sse, url } = await withOthers();
		const client = await RawClient.to(url);
		client.socket.write(requests(1, "GET /stream") + posts(3));
		await client.until(/:\n\n/);
		await sse.close();
		await client.times("HTTP/1.1 200", 4);
		await client.times("done", 3);
	});

	test("many in the same packet as the stream: the connection is closed when that begins", async () => {
		const { sse, url, server } = await withOthers();
		const client = await RawClient.to(url);
		client.socket.write(requests(1, "GET /stream") + posts(500));
		await isOver(client);
		await until(async () => sse.stats().connections === 0 && (await openSockets(server)) === 0, {
			what: "nothing left",
		});
	});

	test("many while the stream is open: the ninth closes the connection, and the rest is not begun", async () => {
		const { sse, url, published } = await withOthers();
		const client = await RawClient.to(url);
		client.send("GET /stream HTTP/1.1", "host: a");
		await client.until(/:\n\n/);
		client.socket.write(posts(500));
		await isOver(client);
		await until(() => sse.stats().connections === 0, { what: "no connections" });
		expect(published()).toBeLessThan(10);
	});

	test("many without a stream are all answered", async () => {
		const { url, published } = await withOthers();
		const client = await RawClient.to(url);
		client.socket.write(posts(300));
		await until(() => published() === 300, { what: "all of them" });
		await client.times("HTTP/1.1 200", 300);
	});
});

test("each stream of HTTP/2 takes a slot of its own", async () => {
	const http2 = await import("node:http2");
	const { sse } = instance();
	const server = http2.createServer(toNodeHandler(sse));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(() => void server.close());
	const address = server.address();
	const session = http2.connect(
		`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
	);
	onTestFinished(() => session.destroy());
	for (let count = 1; count <= 12; count++) {
		session.request({ ":path": "/" });
		await until(() => sse.stats().connections === count, { what: `${count} connections` });
	}
});
