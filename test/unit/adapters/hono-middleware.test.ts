import { Hono } from "hono";
import { cors } from "hono/cors";
import { expect, expectTypeOf, test } from "vitest";
import { type SseVariables, sseMiddleware, stream } from "../../../src/adapters/hono.ts";
import { memory } from "../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../src/exports.ts";
import { type Events, helloFrame, instance, text } from "./hono-kit.ts";

test("sseMiddleware() puts the instance on the context for handlers and for stream()", async () => {
	const sse = instance();
	const app = new Hono<{ Variables: SseVariables<Events> }>();
	app.use(sseMiddleware(sse));
	app.get("/stream", stream());
	app.get("/fixed", stream({ channel: "fixed" }));
	app.post("/hello", async (c) => {
		const options = { type: "greeting", channel: "fixed" } as const;
		return c.json(await c.var.sse.publish({ message: "Hello!" }, options));
	});
	const [open, fixed] = [await app.request("/stream?channel=fixed"), await app.request("/fixed")];
	const published = await app.request("/hello", { method: "POST" });
	expect(await published.json()).toEqual({ receivers: 1 });
	expect(await text(sse, open)).toBe(`:\n\n${helloFrame}`);
	expect(await fixed.text()).toContain(helloFrame);
});

test("an instance made from the context is made once, at the first request", async () => {
	const made: unknown[] = [];
	const app = new Hono<{ Bindings: { SSE: string }; Variables: SseVariables<Events> }>();
	app.use(
		sseMiddleware((c) => {
			made.push(c.env.SSE);
			return instance();
		}),
	);
	app.get("/stats", (c) => c.json(c.var.sse.stats().connections));
	for (const SSE of ["first", "second"]) await app.request("/stats", {}, { SSE });
	expect(made).toEqual(["first"]);
});

test("stream() without an instance throws a TypeError that names sseMiddleware", async () => {
	const app = new Hono();
	const errors: unknown[] = [];
	app.get("/", stream());
	app.onError((error, c) => {
		errors.push(error);
		return c.text("", 500);
	});
	expect((await app.request("/")).status).toBe(500);
	expect(errors).toEqual([
		new TypeError("stream: pass an instance, or set one with sseMiddleware."),
	]);
});

test("headers set by middleware before and after the stream, and by Hono's cors(), reach the client", async () => {
	const sse = instance();
	const app = new Hono();
	const origin = "https://page.example";
	app.use("/cors/*", cors({ origin, credentials: true, exposeHeaders: ["x-before"] }));
	app.use(async (c, next) => {
		c.header("x-before", "1");
		c.header("set-cookie", "a=1");
		await next();
		c.header("x-after", "2");
	});
	app.get("/plain", stream(sse));
	app.get("/cors/stream", stream(sse));
	for (const path of ["/plain", "/cors/stream"]) {
		const { headers, status } = await app.request(path, { headers: { origin } });
		expect(status).toBe(200);
		expect(Object.fromEntries(headers)).toMatchObject({
			"x-before": "1",
			"x-after": "2",
			"set-cookie": "a=1",
			"content-type": "text/event-stream",
			"cache-control": "no-cache, no-transform",
			"x-accel-buffering": "no",
		});
		const allowed = headers.get("access-control-allow-origin");
		expect(allowed).toBe(path === "/plain" ? null : origin);
	}
	const preflight = await app.request("/cors/stream", {
		method: "OPTIONS",
		headers: { origin, "access-control-request-method": "GET" },
	});
	expect(preflight.status).toBe(204);
	expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
	expect(sse.stats().refusedStreams).toBe(0);
});

test("the type of `c.var.sse` knows the events", () => {
	const sse = new ServerSentEvents<Events>({ connector: memory() });
	const app = new Hono<{ Variables: SseVariables<Events> }>();
	// Never called: only the compiler reads it.
	app.post("/", async (c) => {
		expectTypeOf(c.var.sse).toEqualTypeOf<ServerSentEvents<Events>>();
		await c.var.sse.publish({ message: "x" }, { type: "greeting" });
		// @ts-expect-error the wrong data for its type
		await c.var.sse.publish({ message: 1 }, { type: "greeting" });
		// @ts-expect-error no such type
		await c.get("sse").publish(1, { type: "counts" });
		return c.text("");
	});
	new Hono().use(sseMiddleware(sse)).post("/", async (c) => {
		await c.var.sse.publish(1, { type: "count" });
		// @ts-expect-error the wrong data, which only the middleware's type knows
		await c.var.sse.publish("1", { type: "count" });
		return c.text("");
	});
	const routes = () => {
		// @ts-expect-error no such option
		app.get("/", stream(sse, { channels: "a" }));
		// @ts-expect-error a channel is a string
		app.get("/", stream(sse, { channel: () => 7 }));
	};
	expect(routes).toBeTypeOf("function");
});
