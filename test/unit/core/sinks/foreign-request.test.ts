import { createServer, IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Socket } from "node:net";
import express from "express";
import Fastify from "fastify";
import { H3 } from "h3";
import { Hono } from "hono";
import { serve } from "srvx";
import { expect, onTestFinished, test } from "vitest";
import { checkRequest } from "../../../../src/core/sinks/foreign-request.ts";
import { scene } from "../stream/kit.ts";

type Fetch = (request: Request, ...rest: unknown[]) => Promise<Response>;

/** What the handler was rejected with when the framework called it. */
async function rejection(
	use: (handler: (given: never) => unknown) => Promise<unknown>,
): Promise<string> {
	const { sse } = scene();
	const { promise, resolve } = Promise.withResolvers<string>();
	await use((...given: unknown[]) =>
		(sse.fetch as Fetch)(...(given as [Request])).then(
			() => resolve("It was streamed."),
			(error: unknown) => resolve(String(error)),
		),
	);
	return promise;
}

async function overHttp(listener: Parameters<typeof createServer>[1]): Promise<void> {
	const server = createServer(listener).listen(0, "127.0.0.1");
	await new Promise((listening) => server.once("listening", listening));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	const { port } = server.address() as AddressInfo;
	void fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
}

const frameworks: Record<
	string,
	[(handler: (given: never) => unknown) => Promise<unknown>, RegExp]
> = {
	"Hono's context": [
		async (handler) => {
			new Hono().get("/", handler as () => Promise<Response>).request("/");
		},
		/In Hono: .*stream\(sse\).*edge-sse\/hono.*sse\.stream\(c\.req\.raw, \{ host: c\.env \}\)/,
	],
	"Hono's request": [
		async (handler) => {
			new Hono().get("/", (c) => handler(c.req as never) as Promise<Response>).request("/");
		},
		/property "raw"/,
	],
	"Express' request": [
		async (handler) => overHttp(express().get("/", handler as () => void)),
		/Express: .*toNodeHandler\(sse\).*edge-sse\/node/,
	],
	"Node's request": [async (handler) => overHttp(handler as () => void), /toNodeHandler\(sse\)/],
	"Fastify's request": [
		async (handler) => {
			const app = Fastify();
			onTestFinished(() => app.close());
			app.get("/", (request) => {
				handler(request as never);
				return "";
			});
			await app.inject("/");
		},
		/In Fastify: reply\.hijack\(\).*request\.raw and reply\.raw/,
	],
	"h3's event": [
		async (handler) => {
			new H3().get("/", handler as () => void).request("/");
		},
		/property "req"/,
	],
};

test.each(Object.entries(frameworks))(
	"%s is refused, and the error says what to write",
	async (_, [use, words]) => {
		const message = await rejection(use);
		expect(message).toMatch(
			/^TypeError: Cannot stream\. request: must be a Request of the fetch API\. /,
		);
		expect(message).toMatch(words);
	},
);

// The shapes of these are from their documentation.
const incoming = new IncomingMessage(new Socket());
const contexts: [what: string, given: unknown, words: RegExp][] = [
	[
		"Koa's context",
		{ req: incoming, res: {}, request: { url: "/", headers: {} } },
		/In Koa: ctx\.respond = false.*ctx\.req and ctx\.res/,
	],
	[
		"h3's event, version 1",
		{ node: { req: incoming, res: {} } },
		/event\.node\.req and event\.node\.res/,
	],
	[
		"SvelteKit's event",
		{ request: new Request("http://a"), url: new URL("http://a") },
		/property "request"/,
	],
	["an event of AWS Lambda", { httpMethod: "GET", headers: {} }, /Pass the one/],
	["undefined", undefined, /Pass the one/],
	["null", null, /Pass the one/],
	["a URL", new URL("http://a/?channel=b"), /Pass the one/],
	["a string", "http://a/", /Pass the one/],
];
test.each(contexts)("%s is refused as well", (_, given, words) => {
	expect(() => checkRequest(given)).toThrow(TypeError);
	expect(() => checkRequest(given)).toThrow(words);
});

test("Request classes of other hosts are accepted", async () => {
	const { promise, resolve } = Promise.withResolvers<Request>();
	const server = serve({
		port: 0,
		hostname: "127.0.0.1",
		silent: true,
		fetch: (request) => {
			resolve(request);
			return new Response("");
		},
	});
	await server.ready();
	onTestFinished(() => server.close(true));
	await fetch(server.url ?? "");
	expect(() => checkRequest(promise)).toThrow(TypeError);
	checkRequest(await promise);
	checkRequest(new Request("http://a"));
});
