import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { type Answer, endAll, ends, listen, serve, status, stream } from "./client-scene.ts";

afterAll(endAll);

/** What a hostile or broken server can make a client do that uses `fetch`. */

test.concurrent("a redirect takes no token to another origin", async () => {
	const other = await serve(stream("data:1\n\n"));
	const { url } = await serve(status(307, { location: other.url }));
	const { seen, when } = listen(url, { headers: { authorization: "Bearer secret" } });
	await when("an event", () => seen.length === 1);
	expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test.concurrent("a redirect to itself ends, and is reported", async () => {
	const { url, requests } = await serve(status(302, { location: "/stream" }));
	// After 5 s of silence, which a busy machine may need, the client would ask once more, by polling.
	const { errors, when } = listen(url, { watchdog: 60_000 });
	await when("an error", () => errors.length > 0);
	expect(String(errors[0])).toMatch(/^TypeError/);
	expect(requests.length).toBeLessThan(30);
});

test.concurrent("401 is asked twice, whatever the headers function returns", async () => {
	let asked = 0;
	const { url, requests } = await serve(status(401));
	const { states, when } = listen(url, { headers: () => ({ "x-try": String(++asked) }) });
	await when("the end", () => states.at(-1) === "closed");
	expect([asked, requests.length]).toEqual([2, 2]);
});

for (const after of ["1000000000000", "9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"]) {
	test.concurrent(`Retry-After: ${after.slice(0, 30)} waits about an hour, without a loop`, async () => {
		const { url, requests } = await serve(status(503, { "retry-after": after }));
		const waits: unknown[] = [];
		const { states, when } = listen(url, {
			onDebug: ({ state, why }) => state === "waiting" && waits.push(why),
		});
		await when("a wait", () => states.at(-1) === "waiting");
		expect(waits[0]).toBeGreaterThanOrEqual(3_600_000);
		expect(waits[0]).toBeLessThanOrEqual(4_500_000);
		expect(requests).toHaveLength(1);
	});
}

for (const after of ["-1", "soon", "1e3", "", "Thu, 01 Jan 1970 00:00:00 GMT"]) {
	test.concurrent(`Retry-After: "${after}" is no time: it waits as after a lost stream`, async () => {
		const { url } = await serve(status(429, { "retry-after": after }));
		const waits: unknown[] = [];
		const { states, when } = listen(url, {
			onDebug: ({ state, why }) => state === "waiting" && waits.push(why),
		});
		await when("a wait", () => states.at(-1) === "waiting");
		expect(waits[0]).toBeGreaterThanOrEqual(2_000);
		expect(waits[0]).toBeLessThanOrEqual(6_000);
	});
}

test.concurrent("a line of 3 MB in pieces is one event, and costs time in proportion", async () => {
	const piece = "x".repeat(1_024);
	const pieces = 3_072;
	const slow: Answer = (response) => {
		response.writeHead(200, { "content-type": "text/event-stream" }).write("data:");
		let n = 0;
		const more = () => {
			if (n++ < pieces) response.write(piece, more);
			else response.write("\n\n");
		};
		more();
	};
	const { url } = await serve(slow);
	const { seen, when } = listen(url, { parse: (text) => text.length });
	await when("an event", () => seen.length === 1);
	expect(seen).toEqual([[piece.length * pieces, ""]]);
});

test.concurrent("a body that always ends at once: it waits longer each time", async () => {
	const { url } = await serve((response) =>
		response.writeHead(200, { "content-type": "text/event-stream" }).end(),
	);
	const waits: number[] = [];
	const { when } = listen(url, {
		onDebug: ({ state, why }) => state === "waiting" && waits.push(Number(why)),
	});
	await when("two waits", () => waits.length >= 2);
	expect(waits[0]).toBeGreaterThanOrEqual(2_000);
	expect(waits[1]).toBeGreaterThanOrEqual(4_000);
});

test.concurrent("`retry: 0` before each end is no loop without a pause", async () => {
	const { url, times } = await serve((response) =>
		response.writeHead(200, { "content-type": "text/event-stream" }).end("retry:0\n\n"),
	);
	const { when } = listen(url);
	await when("five requests", () => times.length >= 5);
	for (const [n, time] of times.slice(1, 5).entries()) {
		expect(time - (times[n] ?? 0)).toBeGreaterThan(200);
	}
});

test.concurrent("a head without a body is left to the watchdog", async () => {
	const { url, requests } = await serve((response) =>
		response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders(),
	);
	const told: unknown[] = [];
	const { when } = listen(url, {
		watchdog: 300,
		onDebug: ({ why, error }) => why === "silent" && told.push(error),
	});
	await when("a second request", () => requests.length >= 2 && told.length > 0);
	expect(String(told[0])).toBe("Error: The stream was silent.");
});

test.concurrent("a compressed stream is read", async () => {
	const { url } = await serve((response) =>
		response
			.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" })
			.write(gzipSync("data:1\n\n")),
	);
	const { seen, when } = listen(url);
	await when("an event", () => seen.length === 1);
});

test.concurrent("a compressed stream that is cut off is a lost stream, and reported", async () => {
	const bytes = gzipSync("data:1\n\n".repeat(100)).subarray(0, 20);
	const { url } = await serve((response) =>
		response
			.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" })
			.end(bytes),
	);
	const { states, when } = listen(url);
	await when("a loss", () => states.at(-1) === "waiting");
});

test.concurrent("a JSON answer that is not ours does not end the stream", async () => {
	// It never sends a message, and answers every request with a stream that stays open.
	const { url, requests } = await serve((response) =>
		response.writeHead(200, { "content-type": "text/event-stream" }).write(":\n\n"),
	);
	const { states, when } = listen(url);
	await when("a question", () => requests.length === 2);
	expect(requests.map(({ headers }) => headers.accept)).toEqual([
		"text/event-stream",
		"application/json",
	]);
	await when("the end of the question", () => requests[1]?.socket.destroyed === true);
	expect(states).toEqual(["connecting", "open"]);
	expect(requests[0]?.socket.destroyed).toBe(false);
});

for (const json of ["[]", "{}", '{"messages":{},"lastEventId":1}', "null", "{", '"x"']) {
	test.concurrent(`JSON that is ${json} is not ours`, async () => {
		const { url, requests } = await serve(
			(response) => response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders(),
			(response) => response.writeHead(200, { "content-type": "application/json" }).end(json),
		);
		const { states, when } = listen(url);
		await when("a question", () => requests.length === 2);
		await when("its end", () => requests[1]?.complete === true);
		expect(states).toEqual(["connecting", "open"]);
	});
}

test.concurrent("close() in each state leaves no request and no timer", async () => {
	const hangs = createServer(() => undefined).listen(0, "127.0.0.1");
	ends.push(() => {
		hangs.closeAllConnections();
		hangs.close();
	});
	for (const [state, answer] of [
		["connecting", () => undefined],
		["open", stream("data:1\n\n")],
		["waiting", status(500)],
		["closed", status(204)],
	] as const) {
		const { url, requests } = await serve(answer as Answer);
		const { events, states, when } = listen(url);
		await when(state, () => requests.length > 0 && states.at(-1) === state);
		const [request] = requests;
		events.close();
		expect(events.state).toBe("closed");
		if (state === "connecting" || state === "open") {
			await when("its end", () => request?.socket.destroyed === true);
		}
		expect(requests).toHaveLength(1);
	}
});
