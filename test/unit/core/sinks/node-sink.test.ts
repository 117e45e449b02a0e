import { setImmediate as endOfTurn } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { leaveBody } from "../../../../src/adapters/node/leave.ts";
import { NodeSink } from "../../../../src/core/sinks/node-sink.ts";
import type { NodeResponse } from "../../../../src/core/sinks/node-socket.ts";
import type { Sink } from "../../../../src/core/sinks/sink.ts";

/** A response of HTTP/1.1 whose head has been sent, and a socket that keeps what it is given. */
class Outgoing implements NodeResponse {
	readonly headersSent = true;
	chunkedEncoding = true;
	writableEnded = false;
	destroyed = false;
	flushed = false;
	readonly wire: string[] = [];
	readonly socket = {
		destroyed: false,
		bytesWritten: 0,
		writableLength: 0,
		write: (bytes: Uint8Array) => {
			this.wire.push(Buffer.from(bytes).toString());
			this.socket.bytesWritten += bytes.length;
			return true;
		},
	};
	readonly req = { socket: this.socket };
	/** What reached it by `response.write`, in one piece as Node's own does after all. */
	readonly written: string[] = [];

	write(bytes: Uint8Array): boolean {
		this.written.push(Buffer.from(bytes).toString());
		this.socket.write(
			Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]),
		);
		return true;
	}

	flushHeaders(): void {
		this.flushed = true;
	}

	end(): void {
		this.writableEnded = true;
	}

	destroy(): void {
		this.destroyed = true;
	}
}

/** What was put off to the end of this turn is done then, too. */
async function nextTurn(): Promise<void> {
	await endOfTurn();
	await endOfTurn();
}

const bytes = (text: string) => new TextEncoder().encode(text);

let outgoing: Outgoing;
let body: ReadableStream<Uint8Array>;
/** Where the client's bytes go just now. */
let sink: Sink;
beforeEach(() => open());

function open(response = new Outgoing()): void {
	outgoing = response;
	const first = new NodeSink(response, {
		left: () => undefined,
		use: (next) => {
			sink = next;
		},
	});
	sink = first;
	body = first.body;
}

/** A host as `@hono/node-server`, srvx and ours are: what is read is written at once; then it may wait for a drain. */
function host(
	body: ReadableStream<Uint8Array>,
	write: (chunk: Uint8Array) => unknown = (chunk) => outgoing.write(chunk),
	drained?: () => Promise<void> | undefined,
): void {
	const reader = body.getReader();
	const next = async (): Promise<void> => {
		for (;;) {
			const { value } = await reader.read();
			if (value === undefined) return;
			write(value);
			const wait = drained?.();
			if (wait !== undefined) await wait;
		}
	};
	void next();
}

async function send(...texts: string[]): Promise<void> {
	for (const text of texts) {
		sink.write(bytes(text));
		await nextTurn();
	}
}

test("the socket is given what a host has been seen to pass on as it is", async () => {
	host(body);
	await send("one", "two");
	sink.write(bytes("three"));
	expect(outgoing.written).toEqual(["one"]);
	expect(outgoing.wire).toEqual(["3\r\none\r\n", "3\r\ntwo\r\n", "5\r\nthree\r\n"]);
});

test("everybody is given the same chunk", async () => {
	const given: Uint8Array[] = [];
	const shared = bytes("shared");
	const everybody: Sink[] = [];
	for (const other of [new Outgoing(), new Outgoing()]) {
		open(other);
		host(body, (chunk) => other.write(chunk));
		await send("first");
		other.socket.write = (chunk) => given.push(chunk) > 0;
		everybody.push(sink);
	}
	for (const each of everybody) each.write(shared);
	expect(given).toHaveLength(2);
	expect(given[0]).toBe(given[1]);
	expect(given[0]).toBeInstanceOf(Buffer);
});

test.each([false, true])(
	"nothing is concluded from what comes together (the host waits for drains: %s)",
	async (waits) => {
		let waiting = waits;
		host(body, undefined, () => (waiting ? nextTurn() : undefined));
		for (let n = 0; n < 10; n++) {
			sink.write(bytes("one"));
			sink.write(bytes("two!"));
			// By then a host that waits has written both, and has not begun to read on.
			for (let turns = 0; turns < 3; turns++) await endOfTurn();
			if (waits) sink.write(bytes("three"));
			for (let turns = 0; turns < 4; turns++) await nextTurn();
		}
		waiting = false;
		await send("alone", "past");
		expect(outgoing.wire).toHaveLength(waits ? 32 : 22);
		expect(outgoing.written.at(-1)).toBe("alone");
	},
);

test("what is in the stream comes first, whatever turn it was written in", async () => {
	await send("early");
	host(body);
	sink.write(bytes("same turn"));
	await Promise.resolve();
	sink.write(bytes("a microtask later"));
	await send("1", "2", "3");
	sink.write(bytes("4"));
	sink.write(bytes("5"));
	const texts = outgoing.wire.map((chunk) => chunk.split("\r\n")[1]);
	expect(texts).toEqual(["early", "same turn", "a microtask later", "1", "2", "3", "4", "5"]);
	expect(outgoing.written).not.toContain("5");
});

/** The fastest there can be of those who only look at what passes: every chunk is the very same object. */
function watched(body: ReadableStream<Uint8Array>, seen: Uint8Array[]): ReadableStream<Uint8Array> {
	const reader = body.getReader();
	return new ReadableStream({
		pull: (controller) =>
			reader.read().then(({ value }) => {
				if (value === undefined) return;
				seen.push(value);
				controller.enqueue(value);
			}),
	});
}

const between: Record<string, (seen: Uint8Array[]) => ReadableStream<Uint8Array>> = {
	"a reader": (seen) => watched(body, seen),
	"a reader of a reader": (seen) => watched(watched(body, []), seen),
	"a transform": (seen) =>
		body.pipeThrough(
			new TransformStream({
				transform: (chunk, controller) => {
					seen.push(chunk);
					controller.enqueue(chunk);
				},
			}),
		),
	"a tee": (seen) => {
		const [one, other] = body.tee();
		host(other, (chunk) => seen.push(chunk));
		return one;
	},
};

/** Writes chunks of one length, a random number of microtasks apart, or a turn; what was written. */
async function sendAtRandom(random: () => number): Promise<string[]> {
	const texts = Array.from({ length: 12 }, (_, n) => String.fromCharCode(97 + n));
	for (const text of texts) {
		sink.write(bytes(text));
		const gap = Math.floor(random() * 12);
		if (gap > 6) await nextTurn();
		else if (gap === 6) await endOfTurn();
		else for (let n = 0; n < gap; n++) await Promise.resolve();
	}
	await nextTurn();
	return texts;
}

/** https://en.wikipedia.org/wiki/Linear_congruential_generator, with the constants of Numerical Recipes. */
function randomFrom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
}

const seeds = Array.from({ length: 500 }, (_, seed) => seed);

test("chunks of one length keep their order, however closely they follow each other", async () => {
	let past = 0;
	for (const seed of seeds) {
		open();
		host(body);
		const texts = await sendAtRandom(randomFrom(seed));
		expect(
			outgoing.wire.map((chunk) => chunk.split("\r\n")[1]),
			`seed ${seed}`,
		).toEqual(texts);
		past += texts.length - outgoing.written.length;
	}
	// Most went straight to the socket, or this would show little.
	expect(past).toBeGreaterThan(seeds.length * 3);
});

test.each(Object.entries(between))("%s in between sees every chunk", async (_, stand) => {
	for (const seed of seeds) {
		open();
		const seen: Uint8Array[] = [];
		host(stand(seen));
		const texts = await sendAtRandom(randomFrom(seed));
		const sent = seen.map((chunk) => Buffer.from(chunk).toString());
		expect(sent, `seed ${seed}`).toEqual(texts);
		expect(outgoing.written).toEqual(texts);
	}
});

test("a response whose `write` is somebody else's is left to him", async () => {
	Object.assign(outgoing, { write: outgoing.write });
	host(body);
	await send("one", "two", "three");
	expect(outgoing.written).toEqual(["one", "two", "three"]);
});

test("a response that has ended, and one whose connection is gone, take no more", async () => {
	outgoing.socket.destroyed = true;
	expect(() => sink.write(bytes("nobody is there"))).toThrow("gone");
	outgoing.socket.destroyed = false;
	host(body);
	await send("one", "two");
	outgoing.writableEnded = true;
	expect(() => sink.write(bytes("too late"))).toThrow("ended");
	expect(outgoing.wire).toHaveLength(2);
});

test("what waits for the client is counted where it waits, and dropped by an abort", async () => {
	sink.write(bytes("unread"));
	expect(sink.bufferedBytes).toBe(6);
	host(body);
	await nextTurn();
	expect(sink.bufferedBytes + 0).toBe(0);
	await send("one", "two");
	outgoing.socket.writableLength = 1_000;
	expect(sink.bufferedBytes).toBe(1_000);
	sink.abort(new Error("Too slow."));
	expect(outgoing.destroyed).toBe(true);
});

/** A sender of our own: it has written the head, and asks for the rest to go past the body. */
const leave = (given = body) => leaveBody(given, outgoing);

test("who sends the body himself has it sent past the stream at once, in order", async () => {
	sink.write(bytes("opening"));
	sink.write(bytes("early"));
	const leaving = leave();
	sink.write(bytes("same turn"));
	await Promise.resolve();
	sink.write(bytes("a microtask later"));
	expect(await leaving).toBe(true);
	await send("1", "2");
	const first = ["opening", "early", "same turn", "a microtask later"];
	expect(outgoing.wire.map((chunk) => chunk.split("\r\n")[1])).toEqual([...first, "1", "2"]);
	// The head is Node's to send, with the first of it.
	expect(outgoing.written).toEqual(first);
	outgoing.socket.writableLength = 1_000;
	expect(sink.bufferedBytes).toBe(1_000);
	sink.end();
	expect(outgoing.writableEnded).toBe(true);
});

test("a body with nothing in it yet sends its head", async () => {
	expect(await leave()).toBe(true);
	expect(outgoing.flushed).toBe(true);
	await send("1");
	expect(outgoing.wire).toEqual(["1\r\n1\r\n"]);
});

test("a client that leaves while its body is being left is written nothing more", async () => {
	sink.write(bytes("one"));
	sink.write(bytes("two"));
	const leaving = leave();
	outgoing.destroyed = true;
	await leaving;
	expect(outgoing.wire).toEqual([]);
});

test.each<[string, () => ReadableStream<Uint8Array>]>([
	["another body", () => new ReadableStream()],
	[
		"a response of HTTP/1.0",
		() => {
			outgoing.chunkedEncoding = false;
			return body;
		},
	],
	[
		"a response whose `write` is somebody else's",
		() => {
			Object.assign(outgoing, { write: outgoing.write });
			return body;
		},
	],
])("%s is not left, and nothing is read of it", async (_, given) => {
	sink.write(bytes("opening"));
	expect(await leave(given())).toBe(false);
	expect(outgoing.wire).toEqual([]);
	const { value } = await body.getReader().read();
	expect(Buffer.from(value ?? []).toString()).toBe("opening");
});
