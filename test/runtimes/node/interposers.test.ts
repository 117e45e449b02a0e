import * as http from "node:http";
import { duplexPair } from "node:stream";
import { createGzip } from "node:zlib";
import express from "express";
import Fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { type NodeHost, type NodeOutgoing, toNodeHandler } from "../../../src/adapters/node.ts";
import { EventStream, openSocketStream } from "../../support/event-stream.ts";
import { type RuntimeName, startServer } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import { instance, listen, socketWrites } from "./hosts.ts";
import { begun, opened, type Response } from "./interposer.ts";

/** What real interceptors do: compress, hold back, pause, trace. */

test("one that returns nothing from `write` asks for no pause", async () => {
	const { sse } = instance();
	for (const begins of [0, 1]) {
		let seen = "";
		const app = express();
		const put = (response: Response) => {
			const write = response.write.bind(response) as (chunk: Uint8Array) => boolean;
			response.write = ((chunk: Uint8Array) => {
				seen += Buffer.from(chunk).toString();
				write(chunk);
			}) as Response["write"];
		};
		const responses: Response[] = [];
		app.use((_, response, next) => {
			responses.push(response);
			if (begins === 0) put(response);
			next();
		});
		app.use(toNodeHandler(sse));
		const stream = await opened(await listen(http.createServer(app)));
		await stream.comment();
		const [response] = responses;
		if (begins === 1 && response !== undefined) put(response);
		for (const event of ["1", "2", "3", "4"])
			await sse.publish(event).then(() => stream.event(Number(event)));
		expect(await stream.data(4)).toEqual(["1", "2", "3", "4"]);
		expect(seen).toMatch(/data:1\n\ndata:2\n\ndata:3\n\ndata:4\n\n$/);
		stream.close();
		await until(() => sse.stats().connections === 0, { what: "no connections" });
	}
});

test("compression that begins with the head, or while the stream is open, compresses every byte", async () => {
	const { sse } = instance();
	const app = express();
	app.use((_, response, next) => {
		const gzip = createGzip();
		const own = { write: response.write.bind(response), end: response.end.bind(response) };
		gzip.on("data", (bytes: Buffer) => own.write(bytes));
		gzip.on("end", () => own.end());
		const { writeHead } = response;
		response.writeHead = ((...args: Parameters<typeof writeHead>) => {
			response.setHeader("content-encoding", "gzip");
			response.write = ((chunk: Uint8Array) => {
				const more = gzip.write(chunk);
				gzip.flush();
				return more;
			}) as Response["write"];
			response.end = (() => gzip.end()) as unknown as typeof response.end;
			return writeHead.apply(response, args);
		}) as typeof writeHead;
		next();
	});
	app.use(toNodeHandler(sse));
	const { url } = await listen(http.createServer(app));
	const response = await fetch(url);
	expect(response.headers.get("content-encoding")).toBe("gzip");
	const stream = new EventStream({
		url,
		status: 200,
		headers: response.headers,
		leave: () => undefined,
	});
	const reading = (async () => {
		for await (const bytes of response.body ?? []) stream.feed(bytes);
		stream.over("ended");
	})();
	for (const event of ["1", "2"]) await sse.publish(event).then(() => stream.event(Number(event)));
	await sse.close();
	await reading;
	expect(stream.text).toMatch(/^:\n\ndata:1\n\ndata:2\n\nretry:\d+\n\n$/);
});

test("code that replaced the socket's own `write` gets every byte of the wire", async () => {
	const { sse } = instance();
	const server = http.createServer(toNodeHandler(sse));
	const writes = socketWrites(server);
	const stream = await opened(await listen(server));
	for (const event of ["1", "2"]) await sse.publish(event).then(() => stream.event(Number(event)));
	const wire = Buffer.concat(writes).toString();
	expect(wire).toMatch(
		/^HTTP\/1.1 200 OK\r\n.*\r\n\r\n3\r\n:\n\n\r\n8\r\ndata:1\n\n\r\n8\r\ndata:2\n\n\r\n$/s,
	);
});

test("bytes that an interceptor holds back stay before what follows", async () => {
	const { sse } = instance();
	const { stream, response } = await begun(sse, "1");
	response.cork();
	response.write("data:theirs\n\n");
	await sse.publish("2");
	response.uncork();
	expect(await stream.data(3)).toEqual(["1", "theirs", "2"]);
});

test("an interceptor that does not read on holds a bounded amount, and is disconnected", async () => {
	const { sse, errors } = instance({ limits: { bufferedBytes: 100_000 } });
	const { stream, response } = await begun(sse, "1");
	let given = 0;
	response.write = ((chunk: Uint8Array) => {
		given += chunk.length;
		return false;
	}) as Response["write"];
	for (let count = 0; count < 20 && errors.length === 0; count++)
		await sse.publish("x".repeat(10_000)).then(() => new Promise((next) => setImmediate(next)));
	expect(errors).toMatchObject([{ code: "slow_consumer" }]);
	expect(given).toBeLessThan(11_000);
	await stream.end();
});

test("the stream continues to its end when the interceptor has drained", async () => {
	const { sse } = instance();
	const { stream, response } = await begun(sse, "0");
	const write = response.write.bind(response) as (chunk: Uint8Array) => boolean;
	response.write = ((chunk: Uint8Array) => {
		write(chunk);
		return false;
	}) as Response["write"];
	for (const event of ["1", "2", "3"]) await sse.publish(event);
	expect(await stream.data(2)).toHaveLength(2);
	const ended = sse.close();
	for (let count = 0; stream.state === "open" && count < 10; count++) {
		const { text } = stream;
		response.emit("drain");
		await stream.when(() => stream.text !== text || stream.state !== "open", "more", {
			openOnly: false,
		});
	}
	await ended;
	expect(stream).toMatchObject({ state: "ended" });
	expect(await stream.data(4)).toEqual(["0", "1", "2", "3"]);
	expect(stream.retries).toHaveLength(1);
});

test("Fastify's `inject`, which has no socket, gets the whole stream", async () => {
	const { sse } = instance();
	const app = Fastify();
	onTestFinished(() => app.close());
	const handler = toNodeHandler(sse);
	app.get("/stream", (request, reply) => {
		reply.hijack();
		handler(request.raw, reply.raw);
	});
	const response = await app.inject({ url: "/stream", payloadAsStream: true });
	const body = response.stream();
	let given = "";
	body.on("data", (bytes: Buffer) => {
		given += bytes.toString();
	});
	await until(() => given === ":\n\n", { what: "the opening comment" });
	for (const event of ["1", "2"]) await sse.publish(event);
	await until(() => given.endsWith("data:2\n\n"), { what: "the events" });
	await sse.close();
	await until(() => body.readableEnded, { what: "the end" });
	expect(given).toMatch(/^:\n\ndata:1\n\ndata:2\n\nretry:\d+\n\n$/);
});

test("a connection that is no Node socket gets the whole stream", async () => {
	const { sse } = instance();
	const server = http.createServer(toNodeHandler(sse));
	// Tunnels pass such connections in: https://nodejs.org/api/http.html#event-connection
	const [near, far] = duplexPair();
	server.emit("connection", far);
	onTestFinished(() => void near.destroy());
	let given = "";
	near.on("data", (bytes: Buffer) => {
		given += bytes.toString();
	});
	near.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
	await until(() => given.endsWith("3\r\n:\n\n\r\n"), { what: "the opening comment" });
	await sse.publish("1");
	await until(() => given.endsWith("8\r\ndata:1\n\n\r\n"), { what: "the event" });
});

const agent = "test/runtimes/fixtures/agent.mjs";
test.each<[RuntimeName, string[]]>([
	["node", ["--import", `./${agent}`, "test/runtimes/fixtures/node-handler.ts"]],
])("an agent that was loaded before us gets every byte (%s)", async (runtime, program) => {
	const server = await startServer(runtime, { program });
	onTestFinished(() => server.kill());
	const stream = await openSocketStream(server.url);
	onTestFinished(() => stream.close());
	await stream.comment();
	for (const event of ["1", "2"]) {
		await fetch(server.url, { method: "POST", body: event });
		await stream.event(Number(event));
	}
	await until(() => server.output.includes('the agent saw "data:2\\n\\n"'), {
		what: "the agent's line",
	});
	expect(server.output).toContain('the agent saw "data:1\\n\\n"');
});

test("a body that is being observed stays on the response", async () => {
	const { sse } = instance();
	let seen = "";
	const handler = toNodeHandler(
		async (request, host: NodeHost<http.IncomingMessage, NodeOutgoing & Response>) => {
			const response = await sse.stream(request, { host });
			const { body } = response;
			if (body === null) return response;
			const getReader = body.getReader.bind(body) as () => ReadableStreamDefaultReader<Uint8Array>;
			body.getReader = (() => {
				const reader = getReader();
				const read = reader.read.bind(reader);
				reader.read = async () => {
					const result = await read();
					seen += Buffer.from(result.value ?? []).toString();
					return result;
				};
				return reader;
			}) as typeof body.getReader;
			return response;
		},
	);
	const stream = await opened(await listen(http.createServer(handler)));
	for (const event of ["1", "2"]) await sse.publish(event).then(() => stream.event(Number(event)));
	expect(seen).toBe(":\n\ndata:1\n\ndata:2\n\n");
});
