import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import {
	type PollingOptions,
	polling,
	type UpstashSettings,
	upstash,
} from "../../src/connectors/upstash.ts";
import type { Connector } from "../../src/core/connector.ts";
import { ConfigurationError } from "../../src/core/errors.ts";
import { Recorder } from "../../src/testing.ts";
import { useUpstash } from "../support/upstash-fixture.ts";
import { until } from "../support/wait.ts";

/** What polls bring, how often they are made, and what they cost. */

const fixture = useUpstash();
beforeEach(() => {
	fixture.gateway.faultless();
	fixture.gateway.fault({ to: "subscribe", status: 400 });
});
afterEach(() => void vi.unstubAllGlobals());

let channels = 0;
const newChannel = () => `reading.${++channels}`;
function connect(options: PollingOptions = {}, settings: UpstashSettings = {}) {
	const connector = upstash({
		url: fixture.gateway.url,
		token: fixture.gateway.token,
		timeout: 10_000,
		history: {},
		fallback: polling(options),
		...settings,
	});
	onTestFinished(() => connector.close());
	return connector;
}
const fast = { interval: 10, maxInterval: 10 };
const numbersOf = (payloads: readonly string[]) => payloads.map((each) => JSON.parse(each).data);
const range = (count: number, from = 0) => Array.from({ length: count }, (_, n) => from + n);
const publishAll = (connector: ReturnType<typeof connect>, channel: string, data: number[]) =>
	connector.publishAll?.(data.map((n) => ({ channel, payload: `{"data":${n}}` })));

describe("the messages", () => {
	test("more than one answer holds, in order, without a wait in between", async () => {
		const connector = connect({ interval: 5_000, maxInterval: 5_000 });
		const recorder = new Recorder();
		const channel = newChannel();
		await connector.subscribe(channel, recorder);
		await publishAll(connector, channel, range(900));
		// Nine polls at their interval would take longer than this waits.
		await until(() => recorder.messages.length === 900, { what: "all" });
		expect(numbersOf(recorder.messages)).toEqual(range(900));
	});

	test("large messages: the next answer has fewer", async () => {
		const connector = connect(fast, { history: { maxLength: 10_000 } });
		const recorder = new Recorder();
		const channel = newChannel();
		await connector.subscribe(channel, recorder);
		const large = JSON.stringify({ data: "x".repeat(100_000) });
		await connector.publishAll?.(Array.from({ length: 60 }, () => ({ channel, payload: large })));
		await until(() => recorder.messages.length === 60, { what: "all" });
		expect(new Set(recorder.messages).size).toBe(60);
	});

	test.for([
		["too many came between two polls", { maxLength: 5 }, 20],
		["the history was deleted", {}, 0],
	] as const)("a gap is a loss that is restored: %s", async ([, history, burst]) => {
		const connector = connect({ interval: 200, maxInterval: 200 }, { history });
		const recorder = new Recorder();
		const channel = newChannel();
		await connector.subscribe(channel, recorder);
		await publishAll(connector, channel, [0]);
		await until(() => recorder.messages.length === 1, { what: "the first" });
		if (burst > 0) await publishAll(connector, channel, range(burst, 1));
		else await fixture.server.command("FLUSHALL");
		await recorder.heard("restored");
		expect(recorder.events).toEqual(["lost", "restored"]);
		const { id } = await connector.publish(channel, '{"data":99}');
		await recorder.saw(`{"id":"${id}","data":99}`);
		expect(new Set(recorder.messages).size).toBe(recorder.messages.length);
	});

	test("a channel that is silent for longer than messages are kept has no gap", async () => {
		const connector = connect({ interval: 10, maxInterval: 1_000 }, { history: { maxAge: 1_500 } });
		const recorder = new Recorder();
		const channel = newChannel();
		await connector.subscribe(channel, recorder);
		for (const data of [1, 2]) {
			await publishAll(connector, channel, [data]);
			await until(() => recorder.messages.length === data, { what: `message ${data}` });
			await until(
				async () => (await connector.history?.read(channel, "0-0", 1))?.messages.length === 0,
				{
					what: "its expiry",
				},
			);
			const before = fixture.gateway.commands;
			await until(() => fixture.gateway.commands > before + 3, { what: "further polls" });
		}
		expect(recorder.events).toEqual([]);
	});

	test("messages that are not kept do not arrive", async () => {
		const connector = connect(fast);
		const recorder = new Recorder();
		const channel = newChannel();
		await connector.subscribe(channel, recorder);
		await connector.publish(channel, '{"data":"live"}', { keep: false });
		await fixture.server.command("PUBLISH", channel, '{"data":"of a Flask app"}');
		const { id } = await connector.publish(channel, '{"data":"kept"}');
		await recorder.saw(`{"id":"${id}","data":"kept"}`);
		expect(recorder.messages).toHaveLength(1);
	});
});

const hour = 3_600_000;

/**
 * Simulates an hour of polls without the waits in between, of which only the sum matters.
 *
 * @returns the commands: each is billed.
 */
async function anHour(connector: Connector, channels: number): Promise<number> {
	let passed = 0;
	const { setTimeout: wait } = globalThis;
	const hurried = (run: () => void, ms: number, ...rest: unknown[]) => {
		// Other code uses timers, too, such as the runtime's own fetch.
		const [, , caller] = new Error().stack?.split("\n") ?? [];
		if (!caller?.includes("poller.ts")) return wait(run, ms, ...rest);
		passed += ms;
		return passed < hour ? setImmediate(run) : undefined;
	};
	for (const channel of range(channels).map(newChannel)) {
		await connector.subscribe(channel, new Recorder());
	}
	const before = fixture.gateway.commands;
	vi.stubGlobal("setTimeout", hurried);
	await connector.subscribe(newChannel(), new Recorder());
	await until(() => passed >= hour, { what: "an hour", timeout: 60_000 });
	return fixture.gateway.commands - before;
}

describe("the default cost", () => {
	test("silence: 720 commands an hour, however many channels", async () => {
		const commands = await anHour(connect(), 40);
		// The first few come sooner. The last channel was polled at once.
		expect(commands).toBeGreaterThanOrEqual(720);
		expect(commands).toBeLessThan(730);
	});
});

describe("a round", () => {
	test("reads up to 250 channels with one command", async () => {
		const connector = connect({ interval: 10, maxInterval: 10 });
		const subscriptions = [];
		for (const channel of range(251).map(newChannel)) {
			subscriptions.push(await connector.subscribe(channel, new Recorder()));
		}
		const keysOf = ({ commands }: { commands: string[][] }) => Number(commands[0]?.[2]);
		const polls = () =>
			fixture.gateway.requests
				.filter(({ commands }) => commands[0]?.[1]?.includes("XRANGE"))
				.map(keysOf);
		await until(() => polls().slice(-3).includes(1) && polls().slice(-3).includes(250), {
			what: "two commands",
		});
		await subscriptions.pop()?.unsubscribe();
		await until(
			() =>
				polls()
					.slice(-3)
					.every((keys) => keys === 250),
			{ what: "one command" },
		);
	});
});

describe("options", () => {
	test("without history polling is refused, and the error says what to do", () => {
		const make = () => connect({}, { history: undefined });
		expect(make).toThrow(ConfigurationError);
		expect(make).toThrow("Add history: {}, or leave the fallback out.");
	});

	test.for([
		[{ interval: 0 }, "polling(): interval: must be a number of milliseconds from 10 to 3600000."],
		[{ interval: Number.NaN }, "polling(): interval: must be"],
		[{ interval: 1e9 }, "polling(): interval: must be"],
		[
			{ maxInterval: 500 },
			"polling(): maxInterval: must be a number of milliseconds from 1000 to 3600000.",
		],
		[{ streamRetry: 0 }, "polling(): streamRetry: must be a number of milliseconds above 0"],
		[{ every: 5 }, "polling(): every: unknown option. Write interval, in ms."],
	] as const)("%o: %s", ([options, says]) => {
		const make = () => polling(options as PollingOptions);
		expect(make).toThrow(TypeError);
		expect(make).toThrow(says);
	});

	test("maxInterval is never below interval, by default", () => {
		expect(() => polling({ interval: 60_000 })).not.toThrow();
	});

	test("any other fallback is refused", () => {
		const make = () => connect({}, { fallback: { interval: 5 } as never });
		expect(make).toThrow("upstash(): fallback: must be what polling() returns.");
	});
});
