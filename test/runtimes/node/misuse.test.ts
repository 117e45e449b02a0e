import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { type NodeFetch, toNodeHandler } from "../../../src/adapters/node.ts";
import { call } from "../../support/hub-client.ts";
import { instance, overHttp } from "./hosts.ts";

/** `toNodeHandler` used wrongly, and behind middleware that has read the body. */

const reported = vi.spyOn(console, "error").mockImplementation(() => undefined);
afterEach(() => reported.mockClear());

test.each([undefined, null, "sse", {}, { fetch: 1 }, Promise.resolve()])(
	"%j is refused as a fetch handler",
	(handler) => {
		expect(() => toNodeHandler(handler as unknown as NodeFetch)).toThrow(
			/^toNodeHandler: needs a fetch handler/,
		);
	},
);

test("a framework that passes its own objects gets an error that says what to write", async () => {
	const { sse } = instance();
	const handler = toNodeHandler(sse) as unknown as () => void;
	const words =
		/Node's own request and response\. In Fastify: reply\.hijack\(\).*In Koa: .*In Hono.*sse\.fetch/;

	const errors: Error[] = [];
	const hono = new Hono().get("/", handler as () => Response);
	hono.onError((error, c) => {
		errors.push(error);
		return c.text("", 500);
	});
	expect((await hono.request("/")).status).toBe(500);

	const fastify = Fastify();
	onTestFinished(() => fastify.close());
	fastify.get("/", handler);
	fastify.setErrorHandler((error: Error, _, reply) => {
		errors.push(error);
		return reply.code(500).send("");
	});
	expect((await fastify.inject("/")).statusCode).toBe(500);

	for (const given of [[new Request("http://a"), {}], [{}, () => undefined], []]) {
		expect(() => (handler as (...given: unknown[]) => void)(...given)).toThrow(words);
	}
	expect(errors).toHaveLength(2);
	for (const error of errors)
		expect(error).toMatchObject({ name: "TypeError", message: expect.stringMatching(words) });
});

const echo = new Hono().post("/echo", async (c) => c.json(await c.req.json()));
echo.all("/nothing", (c) => c.text(c.req.method));

const asJson = {
	method: "POST",
	headers: { "content-type": "application/json" },
	body: '{"a":"é"}',
};

function behind(parse: express.RequestHandler) {
	const app = express();
	app.use(parse, toNodeHandler(echo));
	// Express prints no errors of its own here: there are none.
	return overHttp(app);
}

type Kept = express.Request & { rawBody?: unknown };

test.each<[string, (bytes: Buffer) => unknown]>([
	["bytes", (bytes) => bytes],
	["an array of bytes", (bytes) => new Uint8Array(bytes)],
	["text", (bytes) => bytes.toString()],
])("a body that was read before is taken from rawBody, as %s", async (_, kept) => {
	const { url } = await behind(
		express.json({
			verify: (request, _, bytes) => {
				(request as Kept).rawBody = kept(bytes);
			},
		}),
	);
	expect(await call(`${url}echo`, asJson)).toMatchObject({ status: 200, body: '{"a":"é"}' });
	expect(reported).not.toHaveBeenCalled();
});

test("without rawBody it is a 500 without details, and console.error says what to do", async () => {
	const { url } = await behind(express.json());
	const answer = await call(`${url}echo`, asJson);
	expect(answer).toMatchObject({ status: 500, body: "Internal Server Error" });
	expect(String(reported.mock.calls[0])).toMatch(
		/express\.json\(\) has already read the request's body.*Put the handler before it.*rawBody/,
	);
});

test("a handler without an app around it does the same", async () => {
	const app = express();
	app.use(
		express.text(),
		toNodeHandler(async (request) => new Response(await request.text())),
	);
	const { url } = await overHttp(app);
	const text = { method: "POST", headers: { "content-type": "text/plain" }, body: "hello" };
	expect(await call(url, text)).toMatchObject({ status: 500, body: "" });
	expect(String(reported.mock.calls[0])).toMatch(/already read the request's body/);
});

test("a handler that does not read the body sees no error, and an unread body arrives whole", async () => {
	const { url } = await behind(express.json());
	expect(await call(`${url}nothing`, asJson)).toMatchObject({ status: 200, body: "POST" });
	const plain = { ...asJson, headers: { "content-type": "text/plain" } };
	expect(await call(`${url}echo`, plain)).toMatchObject({ status: 200, body: '{"a":"é"}' });
	expect(reported).not.toHaveBeenCalled();
	const { sse } = instance();
	const app = express();
	app.use(express.json(), toNodeHandler(sse));
	const stream = await overHttp(app);
	expect(await call(stream.url, asJson)).toMatchObject({ status: 405 });
	expect(reported).not.toHaveBeenCalled();
});
