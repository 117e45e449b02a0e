import { type CheckContext, isStream } from "../context.ts";
import { advice, duration, type Finding, fault, fine, unknown } from "../finding.ts";
import type { SeenEvent, StreamProbe } from "../stream-probe.ts";

/** How many events are timed. The fastest counts, because a busy machine may delay the others. */
const tries = 5;
/** An event that arrives later than this after the answer to its publish is reported, in ms. */
const noticeable = 120;

/** Returns a text that no other event has. */
export const nonce = (): string => `edge-sse-doctor-${crypto.randomUUID()}`;

export interface Delivery {
	findings: Finding[];
	/** The last of our events that arrived. Undefined: none did. */
	event: SeenEvent | undefined;
}

/** Publishes events, and measures how long they take. */
export async function delivery(context: CheckContext, probe: StreamProbe): Promise<Delivery> {
	const none = { event: undefined };
	if (context.options.publish === undefined) return { findings: [notPublished], ...none };
	let open = probe;
	const times: number[] = [];
	const waits: number[] = [];
	let event: SeenEvent | undefined;
	for (let n = 1; n <= tries; n++) {
		// The check of idle streams judges a stream that is cut meanwhile.
		open = await stillOpen(context, open);
		const { ms, wait, problem, seen } = await timed(context, open);
		if (problem !== undefined) return { findings: [refused(problem)], ...none };
		if ((ms === undefined || wait === undefined) && open.state === "open") break;
		if (ms === undefined || wait === undefined) continue;
		times.push(ms);
		waits.push(wait);
		event = seen ?? event;
	}
	if (times.length === 0) return { findings: [await lost(context, open)], ...none };
	const coding = open.headers.get("content-encoding");
	const fastest = Math.min(...times);
	const findings = [
		fastest > context.options.latency
			? late(context, fastest)
			: fine("delivery", `An event took ${Math.round(fastest)} ms from its publish to the stream.`),
	];
	const wait = Math.min(...waits);
	if (wait > noticeable && fastest <= context.options.latency)
		findings.push(delayed(context, wait));
	if (coding !== null && coding !== "identity") {
		findings.push(compressed(context, coding));
	}
	return { findings, event };
}

/** The stream. If it was cut meanwhile, a new one. */
async function stillOpen(context: CheckContext, probe: StreamProbe): Promise<StreamProbe> {
	if (probe.state === "open") return probe;
	const again = await context.open();
	return isStream(again) ? again : probe;
}

const notPublished = unknown("delivery", "Nothing was published, so no event could be timed.", {
	remedy:
		"Allow a publish (--publish, or the option `publish`): it shows whether events are held back.",
});

/** Publishes one event and waits for it, up to the timeout. */
async function timed(
	context: CheckContext,
	probe: StreamProbe,
): Promise<{ ms?: number; wait?: number; problem?: string; seen?: SeenEvent | undefined }> {
	const text = nonce();
	const find = () => probe.events.find(({ data }) => data.includes(text));
	const start = performance.now();
	const problem = await context.publish(text);
	if (problem !== undefined) return { problem };
	const answered = performance.now();
	const { timeout, latency } = context.options;
	const came = await probe.when(() => find() !== undefined, Math.max(latency, timeout / 2));
	const seen = find();
	return came && seen !== undefined ? { ms: seen.at - start, wait: seen.at - answered, seen } : {};
}

function refused(problem: string): Finding {
	return unknown("delivery", `The publish was refused: ${problem.slice(0, 200)}`, {
		remedy: "Give a token that may publish to this channel.",
	});
}

function late(context: CheckContext, ms: number): Finding {
	return fault("delivery", `The fastest of ${tries} events took ${duration(ms)}.`, {
		means: "Something gathers events before it sends them on.",
		remedy: "Turn buffering off for the stream.",
		paste: context.paste("buffering"),
	});
}

function delayed(context: CheckContext, ms: number): Finding {
	return advice("delivery", `Each event came ${duration(ms)} or more after its publish was done.`, {
		means: "Something waits for more bytes before it sends an event on.",
		remedy: "Have the proxy send at once.",
		paste: context.paste("delay"),
	});
}

/** Finds out why an event never arrived: compression, buffering, or a stream of another channel or server. */
async function lost(context: CheckContext, probe: StreamProbe): Promise<Finding> {
	const coding = probe.headers.get("content-encoding");
	if (coding !== null && coding !== "identity") {
		const without = (await comesUncompressed(context)) ? "Without, it does." : "Without, neither.";
		return fault("compression", `With ${coding} a published event did not come. ${without}`, {
			means: "What compresses holds events back until it has enough.",
			remedy: "Take the stream out of the compression.",
			paste: context.paste("compression"),
		});
	}
	const age = duration(performance.now() - probe.openedAt);
	const was = probe.state === "open" ? "" : ` The stream is ${probe.state}.`;
	return fault(
		"delivery",
		`A published event did not come, ${age} after the stream was opened.${was}`,
		{
			means:
				"Something holds events back, or the publish went to another channel or another server.",
			remedy: "Compare the channels. Then turn buffering off for the stream.",
			paste: context.paste("buffering"),
		},
	);
}

async function comesUncompressed(context: CheckContext): Promise<boolean> {
	const plain = await context.open({ "accept-encoding": "identity" });
	if (!isStream(plain)) return false;
	const { ms } = await timed(context, plain);
	plain.close();
	return ms !== undefined;
}

function compressed(context: CheckContext, coding: string): Finding {
	return advice("compression", `The stream is compressed (${coding}), and events come in time.`, {
		means:
			"Nothing is held back. A compressor for each client costs memory, 256 KB or so in nginx.",
		remedy:
			"Leave it, or have the server compress once for all clients, as `edge-sse/compress` does.",
		paste: context.paste("compression"),
	});
}

/** Says whether a stream on which nothing was published is compressed. */
export function compression(probe: StreamProbe): Finding[] {
	const coding = probe.headers.get("content-encoding");
	if (coding === null || coding === "identity")
		return [fine("compression", "The stream is not compressed.")];
	return [
		unknown("compression", `The stream is compressed (${coding}).`, {
			means: "Some compressors hold events back until they have enough.",
			remedy: "Allow a publish: it shows whether events come in time.",
		}),
	];
}
