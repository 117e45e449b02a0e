/**
 * A process that publishes in every way there is, until it is told to stop. It reports the outcome of each
 * message to its parent.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Order, Report, Wish } from "../publishers.ts";
import { Random } from "../random.ts";
import { inOrder, keyFor, textOf } from "../text.ts";
import { httpRoute, libraryRoute, type Outcome } from "./route.ts";

const settings = JSON.parse(process.env.TORTURE_PUBLISHER ?? "{}") as Order;
const random = new Random(settings.seed);
let hub = settings.hub;
let count = 0;
let underWay = 0;
let stopped = false;
const route = settings.overHttp ? httpRoute(() => hub) : libraryRoute();
const [first = "", ...others] = settings.channels;
/**
 * Names of publishers whose messages keep the order of their count in each channel, or, where calls race, do
 * not.
 */
const line = route.isOrdered ? inOrder(settings.name) : settings.name;

process.on("message", (wish: Wish) => {
	if ("hub" in wish) hub = wish.hub;
	else if ("burst" in wish) void flood(wish.burst);
	else stopped = true;
});
// Without the parent it would never be stopped.
process.on("disconnect", () => process.exit());

/** Its random actions. The probabilities sum up to 1, and the messages to 3.4 on average. */
const acts: [chance: number, act: () => void][] = [
	[0.5, () => single()],
	// They race each other and the other publishers.
	[0.18, () => Array.from({ length: 4 }, single)],
	// Like tokens of an answer: no call is awaited.
	[0.04, () => unawaited(30)],
	[0.13, () => batch(2 + random.below(9))],
	[0.07, () => list()],
	[0.08, () => void repeated()],
];
const perAct = 3.4;

while (!stopped) {
	if (underWay < 16) act();
	await delay(random.between(0.2, 1.8) * ((1_000 * perAct) / settings.perSecond));
}
while (underWay > 0) await delay(10);
process.disconnect();
process.exit();

function act(): void {
	let left = random.next();
	for (const [chance, run] of acts) {
		left -= chance;
		if (left > 0) continue;
		run();
		return;
	}
}

/** Enough to fill every buffer on the way to a client that does not read. */
async function flood(channel: string): Promise<void> {
	for (let i = 0; i < 13 && !stopped; i++) {
		await Promise.all(Array.from({ length: 10 }, () => send(channel, 48_000)));
	}
}

function single(): void {
	void send(anyChannel(), random.below(300));
}

function unawaited(number: number): void {
	const channel = anyChannel();
	for (let n = 0; n < number; n++) void send(channel, random.below(30));
}

async function send(channel: string, padding: number): Promise<void> {
	const key = keyFor([channel], line, ++count);
	await told([{ channel, key }], async () => [
		await route.one({ channel, data: textOf(key, padding) }),
	]);
}

function batch(size: number): void {
	// The order within one request holds wherever it is sent.
	const batchLine = route.isOrdered ? line : inOrder(`${settings.name}.${++count}`);
	const messages = Array.from({ length: size }, () => {
		const channel = anyChannel();
		const key = keyFor([channel], batchLine, ++count);
		return { channel, key, data: textOf(key, random.below(300)) };
	});
	void told(messages, () => route.all(messages.map(({ channel, data }) => ({ channel, data }))));
}

function list(): void {
	const channels = random.shuffled(settings.channels).slice(0, 1 + random.below(3));
	const key = keyFor(channels, line, ++count);
	const messages = channels.map((channel) => ({ channel, key }));
	void told(messages, () => route.list(channels, textOf(key, random.below(300))));
}

/** A message that is retried until it is confirmed, and then sent once more: it must be stored once. */
async function repeated(): Promise<void> {
	const channel = anyChannel();
	const key = keyFor([channel], settings.name, ++count);
	const message = { channel, data: textOf(key, random.below(300)) };
	if (!settings.repeats) return told([{ channel, key }], async () => [await route.one(message)]);
	const insist = async () => {
		let outcome = await route.one(message, key);
		for (let tries = 0; "error" in outcome && tries < 20 && !stopped; tries++) {
			await delay(random.between(0, 300));
			outcome = await route.one(message, key);
		}
		return [outcome];
	};
	await told([{ channel, key }], insist);
	await told([{ channel, key }], async () => [await route.one(message, key)]);
}

async function told(
	messages: readonly { channel: string; key: string }[],
	publish: () => Promise<Outcome[]>,
): Promise<void> {
	underWay++;
	const outcomes = await publish();
	for (const [index, { channel, key }] of messages.entries()) {
		const outcome = outcomes[index] ?? { error: "There is no outcome." };
		const report: Report =
			"error" in outcome
				? { channel, key, error: String(outcome.error) }
				: { channel, key, id: outcome.id };
		if (process.connected) process.send?.(report);
	}
	underWay--;
}

function anyChannel(): string {
	return random.pick([first, ...others]);
}
