import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { memory } from "../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { health } from "../support/hub-client.ts";
import { Chance, times } from "./kit/chance.ts";
import { useHub } from "./kit/hub.ts";
import { hostileNames, plainNames } from "./kit/names.ts";
import { honestStream } from "./kit/streams.ts";
import { exchange } from "./kit/wire.ts";

const hub = useHub();

test("150 streams of unused channels leave no key, no channel and no line", async () => {
	const { port, server, redis } = hub();
	const lines = server.output;
	const before = await redis.command("DBSIZE");
	for (let at = 0; at < 150; at += 10) {
		const together = times(10, (n) =>
			exchange(port, honestStream(at + n, 6_000), async () => undefined),
		);
		for (const answer of await Promise.all(together)) expect(answer).toMatch(/^HTTP\/1\.1 200/);
	}
	await expect.poll(() => health(server)).toMatchObject({ connections: 0, channels: 0 });
	expect(await redis.command("DBSIZE")).toBe(before);
	await expect.poll(() => redis.command("PUBSUB", "CHANNELS", "room.*")).toEqual([]);
	expect(server.output).toBe(lines);
});

test("memory: streams of hostile names and cursors leave nothing in the process", async () => {
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	const chance = new Chance(20_261_129);
	const sse = new ServerSentEvents({
		connector: memory({ history: {} }),
		linger: 0,
		onError: () => undefined,
	});
	onTestFinished(() => sse.close());
	const kinds = Object.values(hostileNames);
	let visits = 0;
	const visit = async (count: number) => {
		for (const end = visits + count; visits < end; visits++) {
			const hostile = kinds[visits % kinds.length]?.(chance) ?? [];
			// Half of the names of each visit were never requested before, and are long.
			const names = [
				...hostile.slice(0, 16),
				...plainNames(
					visits,
					times(16, () => 400),
				),
			];
			const query = new URLSearchParams(names.map((name) => ["channel", name]));
			query.set("lastEventId", ["0", "1-1", "~1790000000000-0", "no.cursor"][visits % 4] ?? "");
			const { body } = await sse.stream(new Request(`http://hub.test/?${query}`));
			const reader = body?.getReader();
			await reader?.read();
			await reader?.cancel();
		}
	};
	const heap = () => {
		collect();
		return process.memoryUsage().heapUsed;
	};
	await visit(60);
	const before = heap();
	await visit(400);
	// 6,400 names of 400 characters: over 2.5 MB if they stayed.
	expect(heap() - before).toBeLessThan(1_000_000);
	expect(sse.stats()).toMatchObject({ connections: 0, channels: 0 });
});
