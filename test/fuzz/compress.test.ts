import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { gzip } from "../../src/compress.ts";
import { memory } from "../../src/connectors/memory.ts";
import type { ClientEncoder } from "../../src/core/delivery/compression.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { Client } from "../resume/client.ts";
import { crowdSize, inflated, message, recorded, unzipped, whole } from "../unit/compress/kit.ts";

/**
 * Streams whose clients join, leave, stop reading, resume with a cursor and get messages that are not stored.
 * Each stream must decode to the bytes it would have without compression, and bring each message once.
 */

/** Another seed: SEED=123 npm run test:fuzz */
const first = Number(process.env.SEED ?? 1);
const seeds = [first, first + 1];

function randomBy(seed: number): (below: number) => number {
	let state = seed >>> 0;
	return (below) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test.for(seeds)(
	"compressed streams bring each message once while clients come and go, seed %i",
	async (seed) => {
		const random = randomBy(seed);
		const compress = recorded(gzip({ memory: 100_000 }));
		const sse = new ServerSentEvents({
			connector: memory({ history: { maxLength: 20_000 } }),
			compress,
			keepAlive: 40,
			limits: { bufferedBytes: 3_000, connections: 1_000 },
			onError: () => undefined,
		});
		onTestFinished(() => sse.close());
		const urls = [
			"channel=a",
			"channel=a",
			"channel=a",
			"channel=a&channel=b",
			"channel=a&sse.control=events",
		];
		const everyone: { client: Client; expected: number; fresh: boolean }[] = [];
		let clients: Client[] = [];
		let sent = 0;

		async function join(from?: Client) {
			const query = from?.url ?? urls[random(urls.length)] ?? "";
			const headers: Record<string, string> = { "accept-encoding": "gzip" };
			if (from?.lastEventId !== undefined) headers["last-event-id"] = from.lastEventId;
			const request = new Request(`http://hub.test/stream?${query}`, { headers });
			const expected = sent;
			const response = unzipped(await sse.fetch(request));
			const client = new Client(response, [query], from?.lastEventId, false);
			clients.push(client);
			everyone.push({ client, expected, fresh: from?.lastEventId === undefined });
		}

		async function publish() {
			const kind = random(10);
			const filler = "all is well ".repeat(kind === 0 ? 500 : random(20));
			const burst = random(4) === 0 ? random(8) : 1;
			for (let n = 0; n < burst; n++) {
				// Messages that are not stored do not count: a client that lags loses them.
				if (kind === 1) await sse.publish({ lost: true, filler }, { channel: "a", keep: false });
				else await sse.publish({ n: ++sent, filler }, { channel: "a" });
				if (kind === 2) await sse.publish({ b: true }, { channel: "b" });
			}
		}

		for (let n = 0; n < crowdSize; n++) await join();
		for (let step = 0; step < 250; step++) {
			const client = clients[random(clients.length)];
			const action = random(20);
			if (action < 10) await publish();
			else if (action < 12) await join();
			else if (action < 14) client?.pause();
			else if (action < 16) client?.resume();
			else if (action < 18 && client !== undefined) {
				clients = clients.filter((each) => each !== client);
				client.close();
				if (action === 17) await join(client);
			} else if (action === 18) await new Promise((resolve) => setTimeout(resolve, 15));
			else await turn();
		}
		await sse.publish({ n: ++sent, filler: "" }, { channel: "a" });
		for (const client of clients) client.resume();

		const numbers = ({ events }: Client) =>
			events.flatMap(({ event, data }) => (event ? [] : (JSON.parse(data).n ?? [])));
		for (const client of clients) {
			await client.when(() => numbers(client).at(-1) === sent, "the last message");
		}
		for (const { client, expected, fresh } of everyone) {
			const seen = numbers(client);
			const begin = seen[0] ?? 0;
			if (fresh && seen.length > 0) expect(begin).toBe(expected + 1);
			expect(seen).toEqual(seen.map((_, at) => begin + at));
		}
		await sse.close();
		expect(compress.clients).toHaveLength(everyone.length);
		for (const [at, { plain, coded }] of compress.clients.entries()) {
			const stayed = clients.some((client) => client === everyone[at]?.client);
			const decoded = stayed ? whole(coded) : inflated(coded);
			expect(decoded.equals(Buffer.concat(plain))).toBe(true);
		}
		expect(sse.stats().replays, "clients that lagged or came back").toBeGreaterThan(0);
	},
);

/** What may happen to a client between two chunks. */
type Event = "shared" | "missed" | "own" | "silence" | "leaves" | "joins";

const events = fc.array(
	fc.record({
		bytes: fc.oneof(
			fc.nat(200).map((n) => message(n)),
			fc.nat(200).map((n) => message(n, 2_000)),
			fc.uint8Array({ minLength: 1, maxLength: 5_000 }),
			fc.constantFrom(20_000, 70_000, 140_000).map((size) => message(1, size)),
		),
		// By the client's number: what happens to it instead of getting the chunk.
		odd: fc.dictionary(
			fc.nat(crowdSize - 1).map(String),
			fc.constantFrom<Event>("missed", "own", "silence", "leaves", "joins"),
			{ maxKeys: 20 },
		),
	}),
	{ minLength: 1, maxLength: 40 },
);

test("each compressed stream decodes to the bytes it was sent, whatever its client does", () => {
	fc.assert(
		fc.property(events, fc.constantFrom(0, 32_768, 16_777_216), (chunks, memory) => {
			const compression = recorded(gzip({ memory }));
			const feed = compression.feed();
			const everyone: ClientEncoder[] = [];
			const join = () => {
				const encoder = compression.client();
				everyone.push(encoder);
				encoder.own(Buffer.from(":\n\n"));
				return encoder;
			};
			const clients = Array.from({ length: crowdSize }, join);
			for (const { bytes, odd } of chunks) {
				const chunk = feed.next(bytes);
				for (const [at, client] of clients.entries()) {
					const event = odd[at];
					if (event === "own") client.own(bytes.subarray(0, 50));
					if (event === "silence") client.silence();
					if (event !== "missed") client.shared(chunk);
					if (event === "joins" || event === "leaves") clients[at] = join();
				}
			}
			for (const client of everyone) client.end();
			for (const { plain, coded } of compression.clients) {
				expect(whole(coded).equals(Buffer.concat(plain))).toBe(true);
			}
		}),
		{ numRuns: 60, seed: first },
	);
});
