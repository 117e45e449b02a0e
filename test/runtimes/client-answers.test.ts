import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { selfSigned } from "../support/certificate.ts";
import { temporaryDirectory } from "../support/directories.ts";
import { type Answer, endAll, ends, listen, serve, status, stream } from "./client-scene.ts";

afterAll(endAll);

/** How a client that uses `fetch` handles each answer. */

test.concurrent("on 401 the headers are asked for once more", async () => {
	const { url, requests } = await serve(status(401), stream("data:1\n\n"));
	let token = 0;
	const headers = async () => ({ authorization: `Bearer ${++token}` });
	const { seen, states, when } = listen(url, { headers });
	await when("an event", () => seen.length === 1);
	expect(requests.map((request) => request.headers.authorization)).toEqual([
		"Bearer 1",
		"Bearer 2",
	]);
	expect(states).toEqual(["connecting", "open"]);
});

for (const code of [401, 403]) {
	test.concurrent(`a second ${code} is final, and reported`, async () => {
		const { url, requests } = await serve(status(code));
		const { events, states, errors, when } = listen(url, { headers: () => ({}) });
		const reading = events.events("message").next();
		await expect(reading).rejects.toThrow(`The server answered with ${code}.`);
		await when("the end", () => states.at(-1) === "closed");
		expect(states).toEqual(["connecting", "closed"]);
		expect(errors).toMatchObject([{ status: code }]);
		expect(requests).toHaveLength(2);
	});
}

test.concurrent("headers given as a value are not asked for again", async () => {
	const { url, requests } = await serve(status(401));
	const { states, when } = listen(url, { headers: { authorization: "a" } });
	await when("the end", () => states.at(-1) === "closed");
	expect(requests).toHaveLength(1);
});

test.concurrent("204 ends it without an error", async () => {
	const { url, times } = await serve(status(204));
	const { events, errors } = listen(url);
	expect(await events.events("message").next()).toEqual({ done: true, value: undefined });
	expect([events.state, errors, times.length]).toEqual(["closed", [], 1]);
});

for (const [what, code, after, least] of [
	["429 with seconds", 429, () => "1", 1_000],
	["503 with a date", 503, () => new Date(Date.now() + 2_000).toUTCString(), 900],
] as const) {
	test.concurrent(`${what}: it comes back then`, async () => {
		const refuse: Answer = (response) =>
			response.writeHead(code, { "retry-after": after() }).end("later");
		const { url, times } = await serve(refuse, stream("data:1\n\n"));
		const { seen, states, errors, waits, when } = listen(url);
		await when("an event", () => seen.length === 1);
		const [first = 0, second = 0] = times;
		expect(second - first).toBeGreaterThan(900);
		expect(waits[0]).toBeGreaterThan(least);
		expect(waits[0]).toBeLessThanOrEqual(2_500);
		expect(states).toEqual(["connecting", "waiting", "connecting", "open"]);
		expect(errors).toMatchObject([{ status: code }]);
	});
}

test.concurrent("`retry:` and the last id are used, and comments count as activity", async () => {
	const alive = 7_000;
	const first: Answer = (response, request) => {
		stream("\ufeffretry:300\nid:a\u00fc\ndata:1\n\nid:x\0y\ndata:2\n\n: quiet\n\n")(
			response,
			request,
		);
		const timer = setInterval(() => response.write(":\n\n"), 100);
		setTimeout(() => {
			clearInterval(timer);
			response.end("data:cut");
		}, alive);
	};
	// Longer than a busy machine delays the comments, and shorter than they keep the stream alive.
	const watchdog = alive - 2_000;
	const { url, times, requests } = await serve(first, stream("data:3\n\n"));
	const { seen, states, waits, when } = listen(url, { watchdog });
	await when("three events", () => seen.length === 3);
	expect(seen).toEqual([
		[1, "aü"],
		[2, "aü"],
		[3, ""],
	]);
	expect(states).toEqual(["connecting", "open", "waiting", "connecting", "open"]);
	const [one = 0, two = 0] = times;
	expect(two - one).toBeGreaterThan(alive + 200);
	expect(waits[0]).toBeGreaterThan(300);
	expect(waits[0]).toBeLessThanOrEqual(375);
	// The bytes of UTF-8, as browsers send them.
	expect(requests[1]?.headers["last-event-id"]).toBe(Buffer.from("aü").toString("latin1"));
	expect(requests[1]?.url).not.toContain("lastEventId");
});

test.concurrent("a silent stream is reported and ended", async () => {
	const { url, requests } = await serve(stream("data:1\n\n"));
	// Longer than the head of the answer takes.
	const { errors, when } = listen(url, { watchdog: 5_000 });
	await when("a second stream", () => requests.length === 2 && errors.length > 0);
	expect(String(errors[0])).toBe("Error: The stream was silent.");
});

test.concurrent("a page instead of a stream is reported, and the stream is asked for again", async () => {
	const page = status(200, { "content-type": "text/html" });
	const { url } = await serve(page, stream("data:1\n\n"));
	const { errors, seen, when } = listen(url);
	await when("an event", () => seen.length === 1);
	expect(String(errors[0])).toBe(
		'Error: The server answered with "text/html", not with an event stream.',
	);
	const refused = listen((await serve(page)).url, { retry: false });
	await when("the end", () => refused.states.at(-1) === "closed");
	expect(refused.errors).toHaveLength(1);
});

test.concurrent("redirects are followed", async () => {
	const { url } = await serve(status(307, { location: "/other" }), stream("data:1\n\n"));
	const { seen, when } = listen(url);
	await when("an event", () => seen.length === 1);
});

test.concurrent("an event that is too long is reported", async () => {
	const endless: Answer = (response) => {
		response.writeHead(200, { "content-type": "text/event-stream" }).write("data:");
		const more = () => response.write("x".repeat(1_048_576), more);
		more();
	};
	const { url } = await serve(endless);
	const { errors, when } = listen(url);
	await when("an error", () => errors.length > 0);
	expect(String(errors[0])).toMatch(/^RangeError: The server sent an event of over 16777216 char/);
});

test.concurrent("with a body a lost stream is not reopened, unless `retry` says so", async () => {
	const cut: Answer = (response) => {
		stream("data:1\n\n")(response, response.req);
		setTimeout(() => response.destroy(), 100);
	};
	const once = await serve(cut);
	const { states, errors, seen, when } = listen(once.url, { body: "a", share: "shared" });
	await when("the end", () => states.at(-1) === "closed");
	expect([seen.length, errors.length]).toEqual([1, 1]);
	const silent = await serve(stream("data:1\n\n"));
	const first = listen(silent.url, { body: "a", watchdog: 3_000 });
	await first.when("the end", () => first.states.at(-1) === "closed");
	expect(String(first.errors.at(-1))).toMatch(/nothing is sent again/);
	expect(silent.requests).toHaveLength(1);
	const again = await serve(cut, stream("data:2\n\n"));
	const second = listen(again.url, { method: "PUT", body: "a", retry: true });
	await second.when("two events", () => second.seen.length === 2);
	expect(again.requests.map(({ method }) => method)).toEqual(["PUT", "PUT"]);
	expect(once.requests.map(({ method }) => method)).toEqual(["POST"]);
});

test.concurrent("with a body a refusal is final, even a temporary one", async () => {
	const { url, requests } = await serve(status(503, { "retry-after": "0" }));
	const { states, errors, when } = listen(url, { body: "a", headers: () => ({}) });
	await when("the end", () => states.at(-1) === "closed");
	expect(errors).toMatchObject([{ status: 503 }]);
	expect(requests).toHaveLength(1);
});

test.concurrent("a signal ends the client", async () => {
	const { url, requests } = await serve(stream("data:1\n\n"));
	const abort = new AbortController();
	const { events, states, seen, when } = listen(url, { signal: abort.signal });
	await when("an event", () => seen.length === 1);
	const [request] = requests;
	const left = new Promise((resolve) => request?.socket.once("close", resolve));
	abort.abort(new Error("enough"));
	await left;
	expect(events.state).toBe("closed");
	expect(states).toEqual(["connecting", "open", "closed"]);
	const late = listen(url, { signal: abort.signal });
	await late.when("the end", () => late.states.at(-1) === "closed");
	expect(late.errors).toEqual([new Error("enough")]);
	expect(requests).toHaveLength(1);
});

test.concurrent("a server that is down, or has another certificate, is reported", async () => {
	const { cert, key } = selfSigned(temporaryDirectory());
	const files = { cert: readFileSync(cert), key: readFileSync(key) };
	const server = createSecureServer(files).listen(0, "127.0.0.1");
	ends.push(() => server.close());
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	for (const [url, code] of [
		["http://127.0.0.1:9/stream", undefined],
		[`https://127.0.0.1:${port}/stream`, /CERT|SIGNED/],
	] as const) {
		const { states, errors, when } = listen(url);
		await when("an error", () => errors.length > 0);
		expect(states).toEqual(["connecting", "waiting"]);
		const { cause } = errors[0] as { cause?: { code?: string } };
		if (code !== undefined) expect(cause?.code).toMatch(code);
	}
});

test.concurrent("a `fetch` of the user is used; one that does not stream is reported", async () => {
	const calls: string[] = [];
	const own = async (url: string, init: RequestInit) => {
		calls.push(`${url} ${new Headers(init.headers).get("accept")}`);
		return new Response(null, { headers: { "content-type": "text/event-stream" } });
	};
	const { errors, when } = listen("http://hub.test/stream", { fetch: own });
	await when("an error", () => errors.length > 0);
	expect(calls).toEqual(["http://hub.test/stream?sse.control=events text/event-stream"]);
	expect(String(errors[0])).toMatch(/^Error: fetch: gives no stream here\./);
});

test.concurrent("a headers function that throws is reported, and called again", async () => {
	const { url } = await serve(stream("data:1\n\n"));
	let asked = 0;
	const headers = async () => {
		if (++asked === 1) throw new Error("no token");
		return {};
	};
	const { seen, errors, when } = listen(url, { headers });
	await when("an event", () => seen.length === 1);
	expect(errors).toEqual([new Error("no token")]);
});
