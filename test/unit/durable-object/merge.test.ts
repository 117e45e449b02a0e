import { createParser } from "eventsource-parser";
import { expect, test } from "vitest";
import { mergeFrames } from "../../../src/durable-object/merge.ts";

const frames =
	":\n\nevent:a\ndata:one\ndata:\ndata:ü\nid:1\n\n:\n\nevent:b\ndata:👋🏽\n\nretry:2000\n\n";
const bytes = new TextEncoder().encode(frames);
const between = new TextEncoder().encode("event:c\ndata:between\n\n");

/** A stream in a test's hands. */
function source() {
	const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
	let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
	const stream = new ReadableStream<Uint8Array>(
		{
			start: (started) => {
				controller = started;
			},
			cancel: () => cancel(),
		},
		{ highWaterMark: 0 },
	);
	return {
		stream,
		send: (chunk: Uint8Array) => controller?.enqueue(chunk),
		end: () => controller?.close(),
		fail: (error: Error) => controller?.error(error),
		cancelled,
	};
}

/** Until everything has happened that needs nobody's doing. */
function settled(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}

function eventsIn(text: string): string[] {
	const events: string[] = [];
	const parser = createParser({
		onEvent: ({ data, event, id }) => events.push(`${event}|${data}|${id}`),
		onError: (error) => events.push(`error: ${error.message}`),
	});
	parser.feed(text);
	return events;
}

function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
	return new Response(stream).text();
}

test("a chunk cut at any byte: another stream's event comes before or after the event, never in it", async () => {
	for (let cut = 1; cut < bytes.length; cut++) {
		const [one, other] = [source(), source()];
		const merged = textOf(mergeFrames([one.stream, other.stream]));
		one.send(bytes.subarray(0, cut));
		await settled();
		other.send(between);
		await settled();
		one.send(bytes.subarray(cut));
		await settled();
		one.end();
		const events = eventsIn(await merged);
		expect(events.filter((event) => !event.startsWith("c"))).toEqual(eventsIn(frames));
		expect(events.filter((event) => event.startsWith("c"))).toEqual(["c|between|undefined"]);
	}
});

test("two streams that come byte by byte lose nothing", async () => {
	const [one, other] = [source(), source()];
	const merged = textOf(mergeFrames([one.stream, other.stream]));
	for (const byte of bytes) {
		for (const each of [one, other]) each.send(Uint8Array.of(byte));
		await settled();
	}
	one.end();
	const text = await merged;
	expect(text).toHaveLength(2 * frames.length);
	expect(eventsIn(text).toSorted()).toEqual([...eventsIn(frames), ...eventsIn(frames)].toSorted());
});

test("it ends with the first source that ends, without the event that was cut short, and lets go of the others", async () => {
	const [one, other] = [source(), source()];
	const merged = textOf(mergeFrames([one.stream, other.stream]));
	one.send(between);
	other.send(bytes.subarray(0, 10));
	await settled();
	other.end();
	expect(eventsIn(await merged)).toEqual(["c|between|undefined"]);
	await one.cancelled;
});

test("it ends cleanly with the first source that fails, so that the client hears nothing of the error", async () => {
	const [one, other] = [source(), source()];
	const merged = textOf(mergeFrames([one.stream, other.stream]));
	one.send(between);
	await settled();
	other.fail(new Error("a secret"));
	expect(eventsIn(await merged)).toEqual(["c|between|undefined"]);
	await one.cancelled;
});

test("a client that leaves while nothing happens frees every source", async () => {
	const sources = [source(), source(), source()];
	const reader = mergeFrames(sources.map(({ stream }) => stream)).getReader();
	const reading = reader.read();
	await settled();
	await reader.cancel();
	expect(await reading).toEqual({ done: true, value: undefined });
	await Promise.all(sources.map(({ cancelled }) => cancelled));
});

test("a client that leaves while a write waits for it frees every source", async () => {
	const sources = [source(), source()];
	const merged = mergeFrames(sources.map(({ stream }) => stream));
	for (const { send } of sources) for (let i = 0; i < 5; i++) send(between);
	await settled();
	await merged.cancel();
	await Promise.all(sources.map(({ cancelled }) => cancelled));
});

test("a client that does not read stops the reading of the sources", async () => {
	let taken = 0;
	const endless = new ReadableStream<Uint8Array>(
		{
			pull: (controller) => {
				taken++;
				controller.enqueue(between);
			},
		},
		{ highWaterMark: 0 },
	);
	const reader = mergeFrames([endless, source().stream]).getReader();
	for (const read of [0, 50]) {
		for (let i = 0; i < read; i++) await reader.read();
		for (let turn = 0; turn < 20; turn++) await settled();
		// The one that waits to be taken, and the ones on their way to it.
		expect(taken - read).toBeLessThanOrEqual(3);
		expect(taken).toBeGreaterThanOrEqual(read);
	}
	await reader.cancel();
});
