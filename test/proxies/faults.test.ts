import { createGzip } from "node:zlib";
import { expect, test } from "vitest";
import { openProbe, StreamProbe } from "../../src/doctor/stream-probe.ts";
import { checkEventStream } from "../../src/testing.ts";
import { eventStream, faults, http, patient, raw } from "./kit/wrong-servers.ts";

/**
 * `checkEventStream()` against servers that are wrong in every way: each is a clear finding, in bounded time
 * and memory.
 */

test("a server that never answers is a fault", async () => {
	const url = await raw(() => undefined);
	expect(await faults(url, { timeout: 300 })).toEqual([
		expect.stringMatching(/^first-byte: \S+ no answer in \d[\d.]* s\.$/),
	]);
});

test("the proxy in front of a stream that never answers is identified by another page", async () => {
	const url = await http((request, response) => {
		if (request.url === "/") response.writeHead(404, { server: "nginx" }).end();
	});
	const [finding] = await checkEventStream(url, { ...patient, timeout: 3_000 });
	expect(finding?.paste?.map((each) => each.for)).toEqual(["nginx", "the server"]);
});

test.each<[string, string, RegExp]>([
	["closes in the middle of the head", "HTTP/1.1 200 OK\r\ncontent-ty", /^reach: .*closed/],
	["is no HTTP server", "220 mail.example ESMTP\r\n\r\n", /^reach: .*not HTTP/],
	["sends a head without an end", `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(50_000)}`, /^reach: /],
	[
		"breaks off its chunks",
		"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
		/^(reach|reconnect|idle|first-byte): /,
	],
	[
		"sends a content-length",
		`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9\r\n\r\ndata: x\n\n`,
		/^first-byte: The answer has a content-length/,
	],
])("a server that %s is a fault", async (_, text, fault) => {
	const url = await raw((socket) => socket.end(text));
	expect((await faults(url))[0]).toMatch(fault);
});

test.each([
	["without a line end", "x".repeat(65_536)],
	["in lines", "garbage\n".repeat(8_192)],
])("endless garbage %s is a fault, and little of it is read", async (_, text) => {
	let written = 0;
	const url = await http((_, response) => {
		response.writeHead(200, eventStream);
		const write = () => {
			while (!response.destroyed && response.write(text)) written += text.length;
		};
		response.on("drain", write);
		write();
	});
	expect(await faults(url, { latency: 10_000, idle: 3_000 })).toContainEqual(
		expect.stringMatching(/^first-byte: \d+ bytes came/),
	);
	// At most 4 MiB of each stream that it opens, plus the sockets' buffers.
	expect(written).toBeLessThan(100_000_000);
});

test("of an endless stream 4 MiB are read, and no more", async () => {
	const url = await http((_, response) => {
		response.writeHead(200, eventStream);
		const write = () => {
			while (!response.destroyed && response.write("data: x\n\n".repeat(8_192)));
		};
		response.on("drain", write);
		write();
	});
	const probe = await openProbe(new URL(url), {}, 40_000);
	if (!(probe instanceof StreamProbe)) throw new Error(probe.code);
	await probe.watch(40_000);
	expect(probe.state).toBe("full");
	expect(probe.bytes).toBeLessThan(5_000_000);
	expect(probe.events.length).toBeLessThanOrEqual(1_000);
});

test("redirects in a circle, and to unusable addresses, are a fault", async () => {
	const circle = await http(({ url = "" }, response) => {
		response.writeHead(302, { location: url === "/a" ? "/b" : "/a" }).end();
	});
	expect(await faults(circle)).toEqual(["status: The answer redirects in a circle, or too often."]);
	let n = 0;
	const on = await http(
		(_, response) => void response.writeHead(307, { location: `/${++n}` }).end(),
	);
	expect(await faults(on)).toEqual(["status: The answer redirects in a circle, or too often."]);
	const file = await http((_, response) => {
		response.writeHead(301, { location: "file:///etc/passwd" }).end();
	});
	expect(await faults(file)).toEqual(["status: The answer redirects to nowhere."]);
});

test("a redirect to another origin does not get the token", async () => {
	const seen: (string | undefined)[] = [];
	const other = await http(({ headers }, response) => {
		seen.push(headers.authorization);
		response.writeHead(200, eventStream).write(":\n\n");
	});
	const url = await http((_, response) => void response.writeHead(302, { location: other }).end());
	expect(await faults(url, { headers: { authorization: "Bearer hush" } })).toEqual([]);
	expect(new Set(seen)).toEqual(new Set([undefined]));
});

test.each([
	[204, /stop for good|204/],
	[401, /401/],
	[421, /not called by that host/],
	[429, /429/],
	[502, /502/],
])("%i instead of a stream is a fault", async (status, fault) => {
	const url = await http((_, response) => void response.writeHead(status).end());
	expect(await faults(url)).toEqual([expect.stringMatching(/^status: /)]);
	expect((await faults(url))[0]).toMatch(fault);
});

test("a sign-in page is a fault", async () => {
	const url = await http((_, response) => {
		response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
	});
	expect(await faults(url)).toEqual(['status: The content type is "text/html".']);
});

test("a compressor that never flushes is a fault", async () => {
	const writes = new Set<(text: string) => void>();
	const url = await http(({ headers }, response) => {
		const isGzip = headers["accept-encoding"]?.includes("gzip") === true;
		response.writeHead(200, { ...eventStream, ...(isGzip && { "content-encoding": "gzip" }) });
		response.flushHeaders();
		const gzip = createGzip();
		if (isGzip) gzip.pipe(response);
		const write = (text: string) => void (isGzip ? gzip : response).write(text);
		writes.add(write);
		response.on("close", () => writes.delete(write));
	});
	const publish = (data: string) => {
		for (const write of writes) write(`data: ${data}\n\n`);
	};
	expect(await faults(url, { publish, latency: 2_000, timeout: 4_000 })).toEqual([
		"compression: With gzip a published event did not come. Without, it does.",
	]);
});

test("streams that all end at once are a fault; if only the first does, they are none", async () => {
	let most = Number.POSITIVE_INFINITY;
	let count = 0;
	const url = await http((_, response) => {
		response.writeHead(200, eventStream).write(":\n\nretry: 10\n\n");
		if (++count <= most) response.end();
	});
	expect(await faults(url)).toEqual([
		"reconnect: Each stream is ended at once, and asks for 10 ms.",
	]);
	[most, count] = [1, 0];
	expect(await faults(url)).toEqual([]);
});

test("a reconnect that gets the event that it had already is a fault", async () => {
	const url = await http((_, response) => {
		response.writeHead(200, eventStream).write("id: 7\ndata: seven\n\n");
	});
	expect(await faults(url, { latency: 5_000 })).toEqual([
		"resume: A reconnect after event 7 gets this same event again.",
	]);
});

test("a stream that came out of a cache is a fault", async () => {
	const url = await http((_, response) => {
		response.writeHead(200, { ...eventStream, age: "12" }).write(":\n\n");
	});
	expect((await faults(url, { latency: 1_000 }))[0]).toBe(
		'cache: The stream came out of a cache ("age: 12").',
	);
});

test("a publish that fails is reported, and is no fault of the stream", async () => {
	const url = await http((_, response) => {
		response.writeHead(200, eventStream).write(":\n\n");
	});
	const publish = () => {
		throw new Error("no right");
	};
	const findings = await checkEventStream(url, { ...patient, latency: 500, publish });
	expect(findings).toContainEqual(
		expect.objectContaining({ level: "unknown", seen: "The publish was refused: no right" }),
	);
});

test("a signal ends the check, with what was found so far", async () => {
	const controller = new AbortController();
	const url = await http((_, response) => {
		response.writeHead(200, eventStream).write(":\n\n");
		controller.abort();
	});
	const options = { ...patient, idle: 3_600_000, signal: controller.signal };
	const findings = await checkEventStream(url, options);
	expect(findings.map(({ level }) => level)).not.toContain("fault");
});

test.each<[string, unknown, object, string]>([
	["no URL", "/stream", {}, "url: must be a URL"],
	["another scheme", "ws://localhost", {}, "url: must be a URL"],
	["an idle time of 0", "http://localhost", { idle: 0 }, "idle: must be a number of ms"],
	[
		"an origin without a scheme",
		"http://localhost",
		{ origin: "app" },
		"origin: must be an origin",
	],
	[
		"a header of two lines",
		"http://localhost",
		{ headers: { a: "b\nc" } },
		"headers: each must be",
	],
	[
		"a publish that is no function",
		"http://localhost",
		{ publish: "x" },
		"publish: must be a function.",
	],
])("wrong arguments are refused: %s", async (_, url, options, message) => {
	await expect(checkEventStream(url as string, options)).rejects.toThrow(message);
});
