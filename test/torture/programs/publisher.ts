/**
 * A process that does nothing but publish, several messages at a time, until it is told to stop. What came of
 * each it tells its parent.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import type { Order, Report, Wish } from "../publishers.ts";
import { Random } from "../random.ts";
import { keyFor, textOf } from "../text.ts";
import { brokerFrom } from "./broker.ts";

const settings = JSON.parse(process.env.TORTURE_PUBLISHER ?? "{}") as Order;
const random = new Random(settings.seed);
const publish = settings.overHttp ? overHttp : withLibrary();
let hub = settings.hub;
let count = 0;
let underWay = 0;
let stopped = false;

process.on("message", (wish: Wish) => {
	if ("hub" in wish) hub = wish.hub;
	else if ("burst" in wish) void burst(wish.burst);
	else stopped = true;
});
// Without the parent nobody would ever stop it.
process.on("disconnect", () => process.exit());

const [first = "", ...others] = settings.channels;
while (!stopped) {
	// Several at once, now and then: they race each other and the other publishers.
	const together = random.chance(0.2) ? 4 : 1;
	for (let i = 0; i < together && underWay < 16; i++) {
		void send(random.pick([first, ...others]), random.below(300));
	}
	await delay(random.between(0.2, 1.8) * ((1_000 * 1.6) / settings.perSecond));
}
while (underWay > 0) await delay(10);
process.disconnect();
process.exit();

/** Enough to fill every buffer on the way to a client that does not read. */
async function burst(channel: string): Promise<void> {
	for (let i = 0; i < 13 && !stopped; i++) {
		await Promise.all(Array.from({ length: 10 }, () => send(channel, 48_000)));
	}
}

async function send(channel: string, padding: number): Promise<void> {
	const key = keyFor(channel, settings.name, ++count);
	underWay++;
	try {
		tell({ channel, key, id: await publish(channel, textOf(key, padding)) });
	} catch (error) {
		tell({ channel, key, error: String(error) });
	}
	underWay--;
}

function tell(report: Report): void {
	if (process.connected) process.send?.(report);
}

function withLibrary(): typeof overHttp {
	const sse = new ServerSentEvents({ connector: brokerFrom(process.env) });
	return async (channel, data) => (await sse.publish(data, { channel })).id;
}

async function overHttp(channel: string, data: string): Promise<string | undefined> {
	const response = await fetch(`${hub}/publish`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ channel, data }),
		signal: AbortSignal.timeout(2_000),
	});
	const answer = (await response.json()) as { id?: string; error?: string };
	if (!response.ok) throw new Error(answer.error ?? String(response.status));
	return answer.id;
}
