import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { type JwtVariables, jwt, sign } from "hono/jwt";
import { expect, test, vi } from "vitest";
import { stream } from "../../../src/adapters/hono.ts";
import { memory } from "../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../src/exports.ts";
import { hello, helloFrame, instance, text } from "./hono-kit.ts";

test("stream() takes the channel from the route, an async function, a constant or the query", async () => {
	for (const [path, channel] of [
		["/rooms/a%20b", "room.a b"],
		["/later", "later"],
		["/fixed", "fixed"],
		["/query?channel=other&channel=asked", "asked"],
		["/query", "sse"],
	] as const) {
		const sse = instance();
		const app = new Hono();
		app.get("/rooms/:room", stream(sse, { channel: (c) => `room.${c.req.param("room")}` }));
		app.get("/later", stream(sse, { channel: async () => ["later", "too"] }));
		app.get("/fixed", stream(sse, { channel: "fixed" }));
		app.get("/query", stream(sse));
		const response = await app.request(path);
		expect(response.headers.get("content-type")).toBe("text/event-stream");
		await hello(sse, channel);
		expect(await text(sse, response)).toBe(`:\n\n${helloFrame}`);
	}
});

test("recent and expires may be functions of the request", async () => {
	const sse = instance({ connector: memory({ history: {} }) });
	for (const count of [1, 2, 3]) await sse.publish(count, { type: "count" });
	const app = new Hono();
	const recent = (c: Context) => Number(c.req.query("recent"));
	app.get("/recent", stream(sse, { recent }));
	app.get("/over", stream(sse, { expires: async (c) => Date.now() - Number(c.req.query("ago")) }));
	expect(await (await app.request("/over?ago=1")).text()).toMatch(/^:\n\nretry:\d+\n\n$/);
	const response = await app.request("/recent?recent=2");
	const datas: string[] = [];
	for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
		datas.push(...(chunk.match(/(?<=^data:).*$/gm) ?? []));
		if (datas.length >= 2) break;
	}
	expect(datas).toEqual(["2", "3"]);
});

test.each<[gives: string, channel: unknown]>([
	["nothing", (c: Context) => c.req.param("romo")],
	["null", () => null],
	["no name in a list", () => []],
	["an empty name", () => ""],
	["nothing, later", async (c: Context) => c.req.param("romo")],
	["nothing, and is no function", undefined],
])(
	"a channel function that gives %s is a TypeError, and the query does not choose instead",
	async (_, channel) => {
		const sse = instance();
		const app = new Hono();
		const errors: unknown[] = [];
		app.onError((error, c) => {
			errors.push(error);
			return c.text("", 500);
		});
		app.get("/rooms/:room", stream(sse, { channel: channel as (c: Context) => string }));
		expect((await app.request("/rooms/a?channel=secret")).status).toBe(500);
		expect(errors).toEqual([expect.any(TypeError)]);
		expect(String(errors[0])).toMatch(/channel: must be a name/);
	},
);

test("a channel function can check the requested channels, as flask-sse's before_request does", async () => {
	const sse = instance();
	const app = new Hono();
	const channel = (c: Context) => {
		const channels = c.req.queries("channel") ?? ["sse"];
		if (channels.includes("audit")) throw new HTTPException(403);
		return channels;
	};
	app.get("/stream", stream(sse, { channel }));
	for (const query of ["channel=audit", "channel=a&channel=audit", "chan%6eel=%61udit"]) {
		expect((await app.request(`/stream?${query}`)).status).toBe(403);
	}
	const response = await app.request("/stream?channel=a&channel=b");
	await hello(sse, "audit");
	await hello(sse, "b");
	expect(await text(sse, response)).toBe(`:\n\n${helloFrame}`);
});

test("behind Hono's jwt() only the holder of a valid token is streamed, and `expires` reads the token", async () => {
	const secret = "a secret of thirty-two characters";
	type User = { sub: string; exp: number };
	type AppEnv = { Variables: JwtVariables<User> };
	const expires = vi.fn((c: Context<AppEnv>) => c.var.jwtPayload.exp * 1_000);
	const sse = instance();
	const app = new Hono<AppEnv>();
	app.use("/me", jwt({ secret, alg: "HS256", cookie: "session" }));
	app.get(
		"/me",
		stream(sse, { channel: (c: Context<AppEnv>) => `users.${c.var.jwtPayload.sub}`, expires }),
	);
	expect((await app.request("/me?channel=users.8")).status).toBe(401);
	expect((await app.request("/me", { headers: { cookie: "session=forged" } })).status).toBe(401);

	const exp = Math.floor(Date.now() / 1_000) + 600;
	const headers = { cookie: `session=${await sign({ sub: "7", exp }, secret, "HS256")}` };
	const response = await app.request("/me?channel=users.8", { headers });
	await hello(sse, "users.8");
	await hello(sse, "users.7");
	expect(await text(sse, response)).toBe(`:\n\n${helloFrame}`);
	expect(expires).toHaveReturnedWith(exp * 1_000);
});

test("errors of the channel function, of the configuration and of a wrong option reach app.onError", async () => {
	const broken = new Error("The session store is away.");
	const unconfigured = new ServerSentEvents({
		connector: () => {
			throw new TypeError("No broker.");
		},
	});
	const app = new Hono();
	const errors: unknown[] = [];
	app.onError((error, c) => {
		if (error instanceof HTTPException) return error.getResponse();
		errors.push(error);
		return c.text("as the app says", 503);
	});
	const forbidden = () => {
		throw new HTTPException(403, { message: "Not yours." });
	};
	app.get("/forbidden", stream(instance(), { channel: forbidden }));
	app.get("/broken", stream(instance(), { channel: () => Promise.reject(broken) }));
	app.get("/unconfigured", stream(unconfigured));
	app.get("/wrong", stream(instance(), { recent: -1 }));
	const away = new ServerSentEvents({ connector: memory() });
	await away.close();
	app.get("/away", stream(away));
	const forbiddenAnswer = await app.request("/forbidden");
	expect([forbiddenAnswer.status, await forbiddenAnswer.text()]).toEqual([403, "Not yours."]);
	for (const path of ["/broken", "/unconfigured", "/wrong"]) {
		const response = await app.request(path);
		expect([response.status, await response.text()]).toEqual([503, "as the app says"]);
	}
	expect(errors).toEqual([broken, expect.any(TypeError), expect.any(TypeError)]);
	// An unavailable broker is not an error of the app: the client is told to reconnect.
	expect((await app.request("/away")).status).toBe(200);
	expect(errors).toHaveLength(3);
});

test("other methods get a 405, and HEAD gets the headers only", async () => {
	const sse = instance();
	const app = new Hono();
	app.all("/stream", stream(sse));
	app.get("/get", stream(sse));
	const post = await app.request("/stream", { method: "POST" });
	expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
	for (const path of ["/stream", "/get"]) {
		const head = await app.request(path, { method: "HEAD" });
		expect([head.status, head.body]).toEqual([200, null]);
		expect(head.headers.get("content-type")).toBe("text/event-stream");
	}
	expect(sse.stats().connections).toBe(0);
});

test("what the host passes to fetch reaches the connector, Bun's idle timeout and the client key", async () => {
	const [connector, key] = [vi.fn(() => memory()), vi.fn(() => "one")];
	const sse = instance({ connector, limits: { perClient: { key } } });
	const app = new Hono().get("/", stream(sse));
	const bun = { timeout: vi.fn(), SSE: "a binding" };
	const request = new Request("http://localhost/");
	await app.fetch(request, bun);
	expect(bun.timeout).toHaveBeenCalledExactlyOnceWith(request, 0);
	expect(connector).toHaveBeenCalledExactlyOnceWith(bun);
	expect(key).toHaveBeenCalledExactlyOnceWith(request, bun);
});
