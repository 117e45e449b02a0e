import { expect, test } from "vitest";
import { clientsPerEncoding, GzipFeed } from "../../../src/compress/feed.ts";
import { Windows, windowBytes } from "../../../src/compress/windows.ts";
import { gzip } from "../../../src/compress.ts";
import { bytesOf, crowdSize, inflated, message, recorded } from "./kit.ts";

const text = (value: string) => Buffer.from(value);

function crowd(size = crowdSize) {
	const compression = recorded();
	const feed = compression.feed();
	const encoders = Array.from({ length: size }, () => compression.client());
	for (const encoder of encoders) encoder.own(text(":\n\n"));
	const send = (bytes: Uint8Array, to = encoders) => {
		const chunk = feed.next(bytes);
		return to.map((encoder) => encoder.shared(chunk));
	};
	return { compression, feed, encoders, send };
}

test("clients of a large feed share the same small compressed bytes", () => {
	const { compression, send } = crowd();
	for (let n = 0; n < 50; n++) send(message(n));
	const last = send(message(50));
	expect(new Set(last).size).toBe(1);
	expect(last[0]?.length).toBeLessThan(60);
	for (const { plain, coded } of compression.clients) {
		expect(inflated(coded)).toEqual(Buffer.concat(plain));
	}
});

test("a few clients get uncompressed blocks in gzip form", () => {
	const { compression, send } = crowd(clientsPerEncoding - 1);
	for (let n = 0; n < 20; n++) send(message(n));
	const [client] = compression.clients;
	expect(bytesOf(client?.coded ?? [])).toBe(bytesOf(client?.plain ?? []) + 10 + 21 * 5);
	expect(inflated(client?.coded ?? [])).toEqual(Buffer.concat(client?.plain ?? []));
});

test("a keep-alive is five bytes, decodes to nothing and keeps the compression window", () => {
	const { encoders, send } = crowd();
	for (let n = 0; n < 20; n++) send(message(n));
	for (const encoder of encoders) expect(encoder.silence()).toHaveLength(5);
	expect(send(message(20))[0]?.length).toBeLessThan(60);
});

test("a client that joins is compressed at once, and no other client gets more bytes for it", () => {
	const { compression, feed, encoders, send } = crowd();
	for (let n = 0; n < 100; n++) send(message(n));
	let most = 0;
	for (let n = 100; n < 200; n++) {
		const guest = compression.client();
		guest.own(text(":\n\n"));
		const chunk = feed.next(message(n));
		expect(guest.shared(chunk).length).toBeLessThan(message(n).length);
		most = Math.max(most, ...encoders.map((encoder) => encoder.shared(chunk).length));
	}
	expect(most).toBeLessThan(60);
});

test("a client that missed a chunk starts a new window, and shares the common bytes again 16 kB later", () => {
	const { compression, encoders, send } = crowd();
	for (let n = 0; n < 100; n++) send(message(n));
	const [, ...others] = encoders;
	send(message(100), others);
	const sent = Array.from({ length: 100 }, (_, n) => send(message(101 + n)));
	expect(sent[0]?.[0]?.length).toBeGreaterThan(100);
	expect(sent.at(-1)?.[0]).toBe(sent.at(-1)?.[1]);
	const [first] = compression.clients;
	expect(inflated(first?.coded ?? [])).toEqual(Buffer.concat(first?.plain ?? []));
});

test("windows keep to the memory limit, and the longest silent one is freed", () => {
	const windows = new Windows(2 * 2 * windowBytes);
	const feeds = Array.from({ length: 3 }, () => new GzipFeed(windows));
	const first = (feed: GzipFeed) => {
		const chunk = feed.next(message(1));
		return Array.from({ length: crowdSize }, () => chunk.encodedAfter(0)).at(-1)?.length ?? 0;
	};
	for (const feed of feeds) first(feed);
	expect(windows.memory).toBe(0);
	for (const feed of feeds) {
		first(feed);
		expect(windows.memory).toBeLessThanOrEqual(2 * 2 * windowBytes);
	}
	for (const feed of feeds) feed.close();
	expect(windows.memory).toBe(0);
});

test("without memory each chunk is compressed on its own", () => {
	const compression = gzip({ memory: 0 });
	const feed = compression.feed();
	const encoders = Array.from({ length: crowdSize }, () => compression.client());
	const coded: Uint8Array[][] = encoders.map((encoder) => [encoder.own(text(":\n\n"))]);
	for (let n = 0; n < 20; n++) {
		const chunk = feed.next(message(n, 2_000));
		for (const [at, encoder] of encoders.entries()) coded[at]?.push(encoder.shared(chunk));
	}
	expect(coded[0]?.at(-1)?.length).toBeLessThan(400);
	expect(inflated(coded[0] ?? []).length).toBe(3 + 20 * 2_000);
});

test("a window is freed when its clients leave", () => {
	const windows = new Windows(16_777_216);
	const feed = new GzipFeed(windows);
	const send = (clients: number) => {
		const chunk = feed.next(message(1));
		for (let n = 0; n < clients; n++) chunk.encodedAfter(0);
	};
	for (const clients of [crowdSize, crowdSize]) send(clients);
	expect(windows.memory).toBeGreaterThan(0);
	for (const clients of [3, 3, 3]) send(clients);
	expect(windows.memory).toBe(0);
});
