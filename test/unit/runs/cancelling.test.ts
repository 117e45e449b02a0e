import { describe, expect, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ConnectorError, SseError } from "../../../src/core/errors.ts";
import type { ServerSentEventsOptions } from "../../../src/core/options.ts";
import { until } from "../../support/wait.ts";
import { setUp, source } from "./kit.ts";

const stop = (headers: Record<string, string> = {}, init: RequestInit = {}) =>
	new Request("https://app.example/runs/a/stop", { method: "POST", headers, ...init });

/** A run that is under way. */
async function running(options: Partial<ServerSentEventsOptions> = {}) {
	const made = setUp({}, options);
	const producer = source();
	const { done } = await made.runs.start("a", producer.run);
	producer.say("so far");
	const ended = async () => {
		producer.end();
		return done;
	};
	return { ...made, producer, done, ended };
}

const answerOf = async (response: Response) => [response.status, await response.json()];

test("a POST cancels a run and gets its status, and an unknown run is a 404", async () => {
	const { runs, producer, done } = await running();
	const answer = await runs.cancelRequest(stop(), "a", { reason: "by the user" });
	expect(answer.headers.get("cache-control")).toBe("no-store");
	expect(await answerOf(answer)).toEqual([202, { status: "running" }]);
	expect(await done).toEqual({ status: "cancelled", reason: "by the user" });
	expect(producer.signal?.aborted).toBe(true);
	expect(await answerOf(await runs.cancelRequest(stop(), "a"))).toEqual([
		200,
		{ status: "cancelled" },
	]);
	expect((await runs.cancelRequest(stop(), "b")).status).toBe(404);
	expect(await runs.status("b")).toBeUndefined();
});

test("any method but POST is a 405 and cancels nothing", async () => {
	const { runs, producer, ended } = await running();
	for (const method of ["GET", "HEAD", "PUT", "OPTIONS"]) {
		const answer = await runs.cancelRequest(stop({}, { method }), "a");
		expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
	}
	expect(producer.signal?.aborted).toBe(false);
	expect(await ended()).toEqual({ status: "done" });
});

describe("a cancelling request of another site", () => {
	const cases: [string, Partial<ServerSentEventsOptions>, Record<string, string>, number][] = [
		["no Origin header", {}, {}, 202],
		["the same origin", {}, { origin: "https://app.example" }, 202],
		["the same host behind a TLS proxy", {}, { origin: "http://app.example" }, 202],
		["the origin of the Host header", {}, { origin: "https://b.example", host: "b.example" }, 202],
		["the same in capitals", {}, { origin: "https://b.example", host: "B.Example:443" }, 202],
		["another origin", {}, { origin: "https://evil.example" }, 403],
		["another port", {}, { origin: "https://app.example:8443" }, 403],
		["an opaque origin", {}, { origin: "null" }, 403],
		["an origin that is not HTTP", {}, { origin: "ftp://app.example" }, 403],
		["a bad origin", {}, { origin: "https://" }, 403],
		["a bad Host header", {}, { origin: "https://evil.example", host: "x@evil.example" }, 403],
		[
			"an origin that cors names",
			{ cors: { origin: ["https://b.example"] } },
			{ origin: "https://b.example" },
			202,
		],
		[
			"an origin that cors does not name",
			{ cors: { origin: ["https://b.example"] } },
			{ origin: "https://c.example" },
			403,
		],
		[
			"an origin when cors allows all",
			{ cors: { origin: "*" } },
			{ origin: "https://c.example" },
			403,
		],
		[
			"an origin that a cors function allows",
			{ cors: { origin: (o) => o } },
			{ origin: "https://c.example" },
			202,
		],
	];
	test.each(cases)("%s: with %j and %j the answer is %d", async (_, options, headers, status) => {
		const { runs, producer, ended } = await running(options);
		expect((await runs.cancelRequest(stop(headers), "a")).status).toBe(status);
		expect((await runs.status("a"))?.cancel !== undefined).toBe(status === 202);
		if (status === 403) expect(producer.signal?.aborted).toBe(false);
		await ended();
	});

	test("may send a preflight and read the answer when cors names its origin", async () => {
		const { runs, ended } = await running({
			cors: { origin: ["https://b.example"], credentials: true },
		});
		const origin = "https://b.example";
		const asked = { origin, "access-control-request-headers": "authorization" };
		const preflight = await runs.cancelRequest(stop(asked, { method: "OPTIONS" }), "a");
		expect([preflight.status, Object.fromEntries(preflight.headers)]).toMatchObject([
			204,
			{
				"access-control-allow-origin": origin,
				"access-control-allow-credentials": "true",
				"access-control-allow-methods": "POST",
				"access-control-allow-headers": "authorization",
			},
		]);
		for (const id of ["a", "unknown"]) {
			const answer = await runs.cancelRequest(stop({ origin }), id);
			expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
		}
		await ended();
	});
});

describe("authorize for a cancelling request", () => {
	test("is called for the run's channel with the POST, before the broker", async () => {
		const asked: unknown[] = [];
		let calls = 0;
		const connector = memory({ history: {} });
		const { cancel } = connector.runs ?? {};
		if (connector.runs !== undefined && cancel !== undefined) {
			connector.runs.cancel = (...args) => {
				calls++;
				return cancel.apply(connector.runs, args);
			};
		}
		const { runs, ended } = await running({
			connector,
			authorize: ({ method, headers }, channels) => {
				asked.push([method, channels]);
				return headers.has("authorization");
			},
		});
		expect((await runs.cancelRequest(stop(), "a")).status).toBe(403);
		expect(calls).toBe(0);
		expect((await runs.cancelRequest(stop({ authorization: "x" }), "a")).status).toBe(202);
		expect(calls).toBe(1);
		expect(asked).toEqual([
			["POST", ["run.a"]],
			["POST", ["run.a"]],
		]);
		await ended();
	});

	test("can allow reading a run and refuse to cancel it", async () => {
		const { runs, ended } = await running({ authorize: ({ method }) => method === "GET" });
		expect((await runs.cancelRequest(stop(), "a")).status).toBe(403);
		const read = await runs.stream(new Request("https://app.example/runs/a"), "a");
		expect(read.status).toBe(200);
		// A POST may also start a run and read it.
		expect((await runs.stream(stop(), "a")).status).toBe(200);
		await ended();
	});

	const unavailable = () => {
		throw new SseError("unavailable", "The keys cannot be had.");
	};
	const broken = () => {
		throw new Error("A bug with a secret.");
	};
	test.each<[string, ServerSentEventsOptions["authorize"], number]>([
		["a Response", () => new Response(null, { status: 401 }), 401],
		["a grant without the channel", () => ({ channels: ["run.b"] }), 403],
		["a grant that has expired", () => ({ expires: Date.now() - 1 }), 403],
		["a grant", () => ({ expires: Date.now() + 60_000 }), 202],
		["an error with the code unavailable", unavailable, 503],
		["another error", broken, 500],
	])("returns or throws %s", async (_, authorize, status) => {
		const { runs, ended } = await running({ authorize });
		const answer = await runs.cancelRequest(stop(), "a");
		expect(answer.status).toBe(status);
		if (status === 503) expect(answer.headers.get("retry-after")).toBe("3");
		expect(await answer.text()).not.toContain("secret");
		expect((await runs.status("a"))?.cancel !== undefined).toBe(status === 202);
		await ended();
	});
});

test("requests with bad ids or URLs are refused and not reported", async () => {
	const { runs, errors, ended } = await running({ channels: { allowed: ["run.a", "run."] } });
	const post = (id: string) => runs.cancelRequest(stop(), id);
	expect((await post("x".repeat(600))).status).toBe(400);
	expect((await post("\ud800")).status).toBe(400);
	expect((await post("")).status).toBe(404);
	expect((await post("b")).status).toBe(403);
	const long = new Request(`https://app.example/?${"x".repeat(200_000)}`, { method: "POST" });
	expect((await runs.cancelRequest(long, "a")).status).toBe(400);
	// The same for a request to read.
	const get = new Request("https://app.example/");
	expect((await runs.stream(get, "x".repeat(600))).status).toBe(400);
	expect(errors).toEqual([]);
	await ended();
});

test("a cancelling request's body is not read", async () => {
	const { runs, ended } = await running();
	let pulled = 0;
	const body = new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 });
	const request = stop({}, { body, duplex: "half" } as RequestInit);
	expect((await runs.cancelRequest(request, "a")).status).toBe(202);
	expect(pulled).toBe(0);
	await ended();
});

test("concurrent cancelling requests share one call, and an unavailable broker is a 503", async () => {
	const connector = memory({ history: {} });
	let answer: (error: Error) => void = () => undefined;
	let calls = 0;
	const { runs, errors, ended } = await running({ connector });
	if (connector.runs !== undefined) {
		connector.runs.cancel = () => {
			calls++;
			return new Promise((_, reject) => {
				answer = reject;
			});
		};
	}
	const all = Promise.all(Array.from({ length: 20 }, () => runs.cancelRequest(stop(), "a")));
	await until(() => calls > 0, { what: "the call" });
	answer(new ConnectorError("unavailable", "Redis at secret.example is away."));
	for (const each of await all) {
		expect([each.status, each.headers.get("retry-after")]).toEqual([503, "3"]);
		expect(await each.text()).not.toContain("secret");
	}
	expect(calls).toBe(1);
	expect(errors).toHaveLength(1);
	await ended();
});

test("wrong options and requests reject with a text, and after close() the answer is a 503", async () => {
	const { runs, sse, ended } = await running();
	const with_ = (options: object) => runs.cancelRequest(stop(), "a", options);
	await expect(with_({ reason: "x".repeat(1_001) })).rejects.toThrow("reason: must be a string");
	await expect(with_({ why: "" })).rejects.toThrow("why");
	await expect(runs.cancelRequest(stop(), undefined as never)).rejects.toThrow("id: must be");
	await expect(runs.cancelRequest({} as never, "a")).rejects.toThrow("must be a Request");
	await ended();
	await sse.close();
	expect((await runs.cancelRequest(stop(), "a")).status).toBe(503);
});
