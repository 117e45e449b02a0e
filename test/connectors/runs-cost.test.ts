import { expect, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { upstash } from "../../src/connectors/upstash.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { useUpstash } from "../support/upstash-fixture.ts";
import { instance, told, words } from "./runs-kit.ts";

/** What a run costs its broker, counted by the broker. */

const fixture = useUpstash();

const onUpstash = () =>
	upstash({
		url: fixture.gateway.url,
		token: fixture.gateway.token,
		history: {},
		timeout: 20_000,
	});
const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** How many tokens are measured. 1,000 take twenty seconds: `RUN_TOKENS=1000`. */
const tokens = Number(process.env.RUN_TOKENS ?? 200);

/** Tokens, 50 a second. */
async function* paced(onToken: (now: number) => void = () => undefined) {
	const begun = performance.now();
	for (let n = 0; n < tokens; n++) {
		await delay(Math.max(0, begun + n * 20 - performance.now()));
		onToken(performance.now());
		yield "token ";
	}
}

test("50 tokens a second on Upstash: one billed command for each 50 ms, and a few for the run", async () => {
	const [producer, reader] = [instance(onUpstash()), instance(onUpstash())];
	const before = fixture.gateway.commands;
	const begun = performance.now();
	const id = crypto.randomUUID();
	const { done } = await producer.runs.start(id, () => paced());
	const { text } = await told(reader.runs.read(id));
	expect(text).toBe("token ".repeat(tokens));
	await done;
	const seconds = (performance.now() - begun) / 1_000;
	const billed = fixture.gateway.commands - before;
	console.log(`${billed} billed commands for ${tokens} tokens in ${seconds.toFixed(1)} s`);
	expect(billed).toBeLessThanOrEqual(20 * seconds + 15);
	// The gateway has counted them.
	expect(billed).toBeGreaterThan(tokens / 50);
});

test("50 tokens a second, Redis 20 ms away: at most 25 commands a second (prints the delay)", async () => {
	await using proxy = await tcpProxy({ port: fixture.server.port });
	proxy.latency(20);
	const url = new URL(fixture.server.url);
	url.port = String(proxy.port);
	const far = () => redis(url.href, { history: {}, timeout: 20_000 });
	const [producer, reader] = [instance(far()), instance(far())];
	const sent: number[] = [];
	const id = crypto.randomUUID();
	// The connections exist, and the scripts are loaded.
	await (await producer.runs.start(`${id}.warm`, () => ["x"])).done;
	await told(reader.runs.read(`${id}.warm`));
	const before = await calls();
	const begun = performance.now();
	const { done } = await producer.runs.start(id, () => paced((now) => sent.push(now)));
	const took: number[] = [];
	for await (const { data } of reader.runs.read(id)) {
		const now = performance.now();
		for (const _ of String(data).matchAll(/token/g)) took.push(now - (sent[took.length] ?? 0));
	}
	await done;
	const seconds = (performance.now() - begun) / 1_000;
	const perSecond = ((await calls()) - before) / seconds;
	const median = took.toSorted((a, b) => a - b)[tokens / 2] ?? Infinity;
	console.log(`${perSecond.toFixed(1)} commands a second, median ${median.toFixed(0)} ms`);
	expect(took).toHaveLength(tokens);
	expect(perSecond).toBeLessThanOrEqual(25);
});

/** What clients sent, counted by the server: scripts and commands, without what scripts called. */
function calls(): Promise<number> {
	return fixture.server.calls("evalsha", "eval", "subscribe", "unsubscribe", "xrange", "ping");
}

test("Upstash: a run costs what the documents say", async () => {
	const { runs } = instance(onUpstash(), { batch: { wait: 50 } });
	await (await runs.start(crypto.randomUUID(), () => ["x"])).done;
	const before = fixture.gateway.commands;
	const begun = performance.now();
	await (await runs.start(crypto.randomUUID(), words(100, 2_000))).done;
	const batches = Math.ceil((performance.now() - begun) / 50) + 1;
	// To start, to end, the subscription, and a look. Listening begins with a look at the channel's head.
	expect(fixture.gateway.commands - before).toBeLessThanOrEqual(5 + batches);
});
