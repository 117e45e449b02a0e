import { delay } from "../../testing/wait.ts";
import { type CheckContext, isStream } from "../context.ts";
import { advice, duration, type Finding, fault, fine, unknown } from "../finding.ts";
import type { StreamProbe } from "../stream-probe.ts";
import { cacheFindings } from "./headers.ts";

/** A stream that ends within this time, in ms, was a refusal. */
const atOnce = 500;
/** How long to wait at most before another attempt, in ms, whatever the server asks for. */
const longestRetry = 10_000;
/** A cut after a silence of at least this time, in ms, is attributed to the silence. */
const leastSilence = 400;

/** Tries again after a stream that ended at once. edge-sse refuses so when another attempt may succeed. */
export async function afterRefusal(
	context: CheckContext,
	probe: StreamProbe,
): Promise<{ probe: StreamProbe | undefined; findings: Finding[] }> {
	await probe.when(() => probe.eventCount > 0, Math.min(atOnce, context.options.latency));
	if (probe.state === "open" || probe.state === "full" || probe.eventCount > 0) {
		return { probe, findings: [] };
	}
	const { retry } = probe;
	const means =
		"The server refuses for now: its broker is away, it has too many streams, or it stops.";
	const wait = Math.min(retry ?? 3_000, longestRetry);
	await delay(wait);
	const again = await context.open();
	const isIn =
		isStream(again) && !(await again.when(() => again.state !== "open", Math.min(atOnce, wait)));
	const asked = retry === undefined ? "without a `retry:` line" : `and asks for ${duration(retry)}`;
	if (isIn) {
		const seen = `The first stream was ended at once, ${asked}. The next one stayed.`;
		return { probe: again, findings: [advice("reconnect", seen, { means })] };
	}
	return {
		probe: undefined,
		findings: [
			fault("reconnect", `Each stream is ended at once, ${asked}.`, {
				means:
					retry === undefined
						? "A page opens the stream again every few seconds, and hears nothing."
						: means,
				remedy:
					"Look at the server's health (/readyz on the hub), its log and its limits. A function that returns at once ends its stream, too.",
			}),
		],
	};
}

/** Opens another stream beside the first, as a second tab or a quick reconnect does. */
export async function again(context: CheckContext): Promise<Finding[]> {
	const second = await context.open();
	if (isStream(second)) {
		second.close();
		return [
			...cacheFindings(context, second),
			fine(
				"reconnect",
				`A second stream beside the first is taken, after ${Math.round(second.headMs)} ms.`,
			),
		];
	}
	const what = "status" in second ? `is answered ${second.status}` : "gets no answer";
	return [
		fault("reconnect", `A second stream beside the first ${what}.`, {
			means:
				"A second tab, or a page that reconnects before its old stream is cleared away, gives up for good.",
			remedy:
				"Raise the limit for each client, in the proxy or the server. The other checks need a second stream and were left out.",
		}),
	];
}

/** Watches a stream on which we publish nothing, for as long as the options say. */
export async function idle(context: CheckContext, probe: StreamProbe): Promise<Finding[]> {
	const { idle: ms, latency } = context.options;
	// The first bytes of a stream are not a keep-alive.
	await probe.when(() => probe.firstByteAt !== undefined, Math.min(latency, atOnce));
	const start = performance.now();
	probe.longestSilence = 0;
	// The silence is counted from here.
	probe.lastByteAt = start;
	const before = probe.bytes;
	await probe.watch(ms);
	const end = probe.endedAt ?? performance.now();
	const silence = end - probe.lastByteAt;
	if (probe.state === "ended" || probe.state === "broken") {
		return [
			silence >= leastSilence ? cutInSilence(context, probe, silence) : cut(probe, end - start),
		];
	}
	if (probe.bytes > before) {
		const longest = Math.max(probe.longestSilence, silence);
		return [
			fine(
				"idle",
				`The stream stayed for ${duration(ms)}, and was silent for ${duration(longest)} at most.`,
			),
		];
	}
	if (ms >= 60_000) {
		return [
			advice("idle", `The stream stayed for ${duration(ms)} without a byte.`, {
				means:
					"Nothing here cuts it. Other networks cut silent connections after 30 to 100 s, and nobody notices a client that is gone.",
				remedy: "Have the server send a comment every 15 s of silence.",
			}),
		];
	}
	return [
		unknown(
			"idle",
			`The stream stayed for ${duration(ms)} without a byte. Whether a longer silence is cut cannot be told.`,
			{
				remedy: "Watch it for longer (--idle 70): many proxies cut at 60 s.",
			},
		),
	];
}

function cutInSilence(context: CheckContext, { state }: StreamProbe, silence: number): Finding {
	return fault(
		"idle",
		`The stream was ${state === "ended" ? "ended" : "cut"} after ${duration(silence)} of silence.`,
		{
			means:
				"A page reconnects each time nothing is published for so long. What is published meanwhile is lost without history.",
			remedy: "Raise the limit, or have the server send a comment before it.",
			paste: context.paste("idle"),
		},
	);
}

function cut({ state }: StreamProbe, age: number): Finding {
	return fault(
		"idle",
		`The stream was ${state === "ended" ? "ended" : "cut"} after ${duration(age)}, with bytes flowing.`,
		{
			means: "Something limits how long an answer may take, or the server was restarted.",
			remedy:
				"Raise the limit. Where it cannot be raised, have the server end streams before it: SSE_MAX_DURATION.",
		},
	);
}
