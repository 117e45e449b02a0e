import { Readable } from "node:stream";
import express from "express";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import { expect, onTestFinished, test } from "vitest";
import { stream as streamHandler } from "../../../src/adapters/hono.ts";
import { type NodeFetch, toNodeHandler } from "../../../src/adapters/node.ts";
import { type EventStream, openSocketStream } from "../../support/event-stream.ts";
import {
	type Host,
	instance,
	onExpress,
	onFastify,
	onHonoServer,
	onSrvx,
	overHttp,
} from "./hosts.ts";

/**
 * Middleware between the instance and the client keeps working: its headers arrive whenever it sets them, and
 * what it does to the body is done to every byte.
 */

type Body = ReadableStream<Uint8Array>;

const origin = "https://page.example";

async function opened(host: Host): Promise<EventStream> {
	const stream = await openSocketStream(host.url, {
		headers: { origin, "accept-encoding": "gzip" },
	});
	onTestFinished(() => stream.close());
	await stream.when(() => stream.text.length >= 3, "the opening comment");
	return stream;
}

const withHono = {
	"@hono/node-server": onHonoServer,
	srvx: onSrvx,
	"edge-sse/node": (fetch: NodeFetch) => overHttp(toNodeHandler(fetch)),
};

test.each(Object.entries(withHono))("Hono middleware on %s sets its headers", async (_, serve) => {
	const { sse } = instance();
	const app = new Hono();
	app.use(cors({ origin, credentials: true }), secureHeaders(), compress());
	app.use(async (c, next) => {
		c.header("x-before", "1");
		await next();
		c.header("x-after", "2");
		c.res.headers.append("set-cookie", "a=1");
		c.res.headers.append("set-cookie", "b=2");
	});
	app.mount("/mounted", sse.fetch);
	app.get("/routed", (c) => sse.stream(c.req.raw, { host: c.env }));
	app.get("/handled", streamHandler(sse));
	const { url, server } = await serve(app.fetch);
	for (const path of ["mounted", "routed", "handled"]) {
		const stream = await opened({ server, url: new URL(path, url).href });
		expect(Object.fromEntries(stream.headers)).toMatchObject({
			"access-control-allow-origin": origin,
			"access-control-allow-credentials": "true",
			"x-content-type-options": "nosniff",
			"x-before": "1",
			"x-after": "2",
			"content-type": "text/event-stream",
		});
		expect(stream.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
		expect(stream.headers.has("content-encoding")).toBe(false);
		await sse.publish(path);
		expect(await stream.event()).toMatchObject({ data: path });
		stream.close();
	}
});

const upper = () =>
	new TransformStream<Uint8Array, Uint8Array>({
		transform: (bytes, controller) =>
			controller.enqueue(Buffer.from(Buffer.from(bytes).toString().toUpperCase())),
	});

const changes: Record<string, (response: Response) => Response> = {
	"pipes it through": (response) => new Response(response.body?.pipeThrough(upper()), response),
	"iterates over it": (response) =>
		new Response(Readable.toWeb(Readable.from(capitals(response.body ?? []))) as Body, response),
	"reads it": (response) => new Response(rewritten(response), response),
};

async function* capitals(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
	for await (const bytes of chunks) yield Buffer.from(Buffer.from(bytes).toString().toUpperCase());
}

function rewritten({ body }: Response): Body {
	const reader = body?.getReader();
	return new ReadableStream({
		async pull(controller) {
			const { done, value } = (await reader?.read()) ?? { done: true };
			if (done) controller.close();
			else
				controller.enqueue(
					Buffer.from(
						Buffer.from(value ?? "")
							.toString()
							.toUpperCase(),
					),
				);
		},
		cancel: () => reader?.cancel(),
	});
}

test.each(Object.entries(changes))("a middleware that %s gets every byte", async (_, change) => {
	const { sse } = instance();
	const handler = async (request: Request, host: unknown) => change(await sse.fetch(request, host));
	for (const host of [
		await onHonoServer(handler),
		await overHttp(toNodeHandler(handler)),
		await onSrvx(handler),
	]) {
		const stream = await opened(host);
		for (const text of ["one", "two"]) {
			await sse.publish(text);
			await stream.when(() => stream.text.includes(text.toUpperCase()), text);
		}
		expect(stream.text).toBe(":\n\nDATA:ONE\n\nDATA:TWO\n\n");
		stream.close();
	}
});

test("a clone of the response sees what the client sees", async () => {
	const { sse } = instance();
	let copy = "";
	const host = await onHonoServer(async (request, env) => {
		const response = await sse.fetch(request, env);
		const clone = response.clone();
		(async () => {
			for await (const bytes of clone.body ?? []) copy += Buffer.from(bytes).toString();
		})().catch(() => undefined);
		return response;
	});
	const stream = await opened(host);
	await sse.publish("to both");
	await stream.event();
	expect(copy).toBe(stream.text);
});

test.each([
	["Express", onExpress],
	["Fastify", onFastify],
])("headers that were set before on %s's response are sent", async (_, serve) => {
	const { sse } = instance();
	const stream = await opened(await serve(sse));
	expect(stream.headers.get("x-before")).toMatch(/^from/);
});

test("nothing follows the end of a response that other code has ended", async () => {
	const { sse } = instance();
	const app = express();
	const ends: (() => void)[] = [];
	app.use((_, response, next) => {
		ends.push(() => response.end());
		next();
	});
	app.use(toNodeHandler(sse));
	const stream = await opened(await overHttp(app));
	await sse.publish("one");
	await stream.event();
	ends[0]?.();
	await sse.publish("two");
	await stream.end();
	expect(stream).toMatchObject({ state: "ended", text: ":\n\ndata:one\n\n" });
	expect(sse.stats().connections).toBe(0);
});
