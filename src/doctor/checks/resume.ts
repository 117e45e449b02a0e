import { type CheckContext, isStream } from "../context.ts";
import { advice, duration, type Finding, fault, fine, unknown } from "../finding.ts";
import type { SeenEvent, StreamProbe } from "../stream-probe.ts";
import { nonce } from "./delivery.ts";

/** A position that no server has given. edge-sse answers it with a gap event. */
const nonsense = "edge-sse-doctor-nonsense";

/** How many events are published while nobody reads. */
const missed = 2;

/** Leaves after an event, publishes others, reconnects, and compares what arrives. */
export async function resume(context: CheckContext, last: SeenEvent): Promise<Finding[]> {
	const { id } = last;
	if (id === undefined || id === "") return [noIds];
	const texts = Array.from({ length: missed }, nonce);
	for (const text of texts) {
		const problem = await context.publish(text);
		if (problem !== undefined)
			return [unknown("resume", `The publish was refused: ${problem.slice(0, 200)}`)];
	}
	const byHeader = await cameBack(context, last, texts, { "last-event-id": id });
	if (typeof byHeader === "string") return [refusedResume(byHeader)];
	if (byHeader.isExact) {
		const seen = `After event ${shown(id)} a client that was away gets the ${missed} it missed, once and in order.`;
		return [
			fine("last-event-id", "The header Last-Event-ID reaches the server."),
			fine("resume", seen),
		];
	}
	const byQuery = await cameBack(context, last, texts, {}, { lastEventId: id });
	if (typeof byQuery !== "string" && byQuery.isExact) return [stripped(context)];
	return [
		fault(
			"resume",
			`After event ${shown(id)} a client that was away does not get exactly what it missed: ${byHeader.words}.`,
			{
				means:
					"Events that are published during a reconnect are lost or doubled, although events have ids.",
				remedy:
					"Have the server keep a history and read Last-Event-ID, by header and by ?lastEventId=. With edge-sse: SSE_HISTORY_LENGTH.",
			},
		),
	];
}

const noIds = advice("resume", "Events have no ids, so nothing can be resumed.", {
	means: "What is published while a client reconnects is lost to it.",
	remedy:
		"Give events ids and keep a history. With edge-sse: SSE_HISTORY_LENGTH=100, or `history: {}`.",
});

interface ComeBack {
	isExact: boolean;
	words: string;
}

/** Opens the stream with a position, and compares what arrives. @returns a string when the answer was a refusal. */
async function cameBack(
	context: CheckContext,
	last: SeenEvent,
	texts: readonly string[],
	headers: Record<string, string>,
	query: Record<string, string> = {},
): Promise<ComeBack | string> {
	const probe = await context.open(headers, { query });
	if (!isStream(probe)) return "status" in probe ? `answered ${probe.status}` : "got no answer";
	const ours = () =>
		probe.events.flatMap(({ data }) => {
			const at = texts.findIndex((text) => data.includes(text));
			return at < 0 ? [] : [at];
		});
	const hasGap = () => probe.events.some(({ type }) => type === "sse.gap");
	await probe.when(() => ours().length >= texts.length || hasGap(), context.options.latency);
	const isDoubled = probe.events.some(({ data }) => data === last.data);
	probe.close();
	const order = ours().join();
	const isExact = order === texts.map((_, at) => at).join() && !isDoubled && !hasGap();
	const words = hasGap()
		? "the server says that there is a gap"
		: isDoubled
			? "it gets what it had already"
			: `it gets ${ours().length} of ${texts.length}`;
	return { isExact, words };
}

function refusedResume(what: string): Finding {
	return fault("resume", `A reconnect with an id that the server gave ${what}.`, {
		means: "A page that loses its connection gives up for good.",
		remedy: "Have the server answer 200, and tell of a gap by an event.",
	});
}

function stripped(context: CheckContext): Finding {
	return fault(
		"last-event-id",
		"The header Last-Event-ID does not reach the server. In the URL, as lastEventId, it does.",
		{
			means:
				"An EventSource sends the header alone: each reconnect loses what was published meanwhile.",
			remedy:
				"Pass the header on. edge-sse/client has its position in the URL and is not affected.",
			paste: context.paste("last-event-id"),
		},
	);
}

/** Sends a position that no server has given. A server that tells of gaps then shows whether the header has reached it. */
export async function headerReaches(context: CheckContext): Promise<Finding[]> {
	const byHeader = await toldOfGap(context, { "last-event-id": nonsense });
	if (byHeader === "refused") {
		return [
			advice("last-event-id", "A Last-Event-ID that the server has never given is refused.", {
				means:
					"After the server has lost its history, each page that reconnects gives up for good.",
				remedy: "Answer 200, and begin with what there is.",
			}),
		];
	}
	if (byHeader) return [fine("last-event-id", "The header Last-Event-ID reaches the server.")];
	if ((await toldOfGap(context, {}, { lastEventId: nonsense })) === true)
		return [stripped(context)];
	return [
		unknown(
			"last-event-id",
			"Whether the header Last-Event-ID reaches the server cannot be told.",
			{
				means: "The server tells of no gap: it has no history, or is not edge-sse.",
				remedy: "Allow a publish: a reconnect shows it, where events have ids.",
			},
		),
	];
}

async function toldOfGap(
	context: CheckContext,
	headers: Record<string, string>,
	query: Record<string, string> = {},
): Promise<boolean | "refused"> {
	const probe = await context.open(headers, { query });
	if (!isStream(probe)) return "refused";
	const told = await probe.when(
		() => probe.events.some(({ type }) => type === "sse.gap"),
		context.options.latency,
	);
	probe.close();
	return told;
}

/** Reconnects with the id of an event that somebody else published. */
export async function resumeUnpublished(
	context: CheckContext,
	probe: StreamProbe,
): Promise<Finding[]> {
	const last = probe.events.findLast(({ id }) => id !== undefined && id !== "");
	if (last?.id === undefined) {
		return [unknown("resume", "No event with an id came, so resuming could not be tried.")];
	}
	const again = await context.open({ "last-event-id": last.id });
	if (!isStream(again)) {
		return [refusedResume("status" in again ? `answered ${again.status}` : "got no answer")];
	}
	await again.when(() => again.eventCount > 0, context.options.latency);
	const first = again.events[0];
	again.close();
	if (first?.id === last.id && first.data === last.data) {
		return [
			fault("resume", `A reconnect after event ${shown(last.id)} gets this same event again.`, {
				means: "Each reconnect doubles an event.",
				remedy: "Begin after the position that the client names.",
			}),
		];
	}
	const seen = `A reconnect after event ${shown(last.id)} is taken, within ${duration(again.headMs)}. Whether nothing is lost cannot be told without a publish.`;
	return [unknown("resume", seen)];
}

const shown = (id: string) => (id.length > 40 ? `${id.slice(0, 40)}…` : id);
