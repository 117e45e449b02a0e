import type { Context } from "hono";
import { ConnectorError } from "../core/errors.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import { logFailure } from "./log.ts";
import { alone, type Whole } from "./whole.ts";

/** How many messages are counted at most. Everybody who may read the channel may have it counted. */
const mostCounted = 500;

/** How many counts may run at a time. */
const countsAtATime = 8;

/** A count that began longer ago, in ms, is taken for ended. */
const longestCount = 30_000;

/** How many messages the first read asks for, and one of large messages. */
const firstRead = 10;

/** How large the answer to a read should be, in UTF-16 code units. */
const readSize = 1_048_576;

/**
 * `GET /channel?name=…`: the channel's position, how many messages are kept, and how many streams it has. The request
 * needs the right to read the channel.
 */
export async function describeChannel(
	c: Context,
	sse: ServerSentEvents,
	whole: Whole = alone(sse),
): Promise<Response> {
	const name = c.req.query("name") ?? "";
	const refusal = await readRefusal(c, sse, name);
	if (refusal !== undefined) return refusal;
	const end = begin();
	if (end === undefined)
		return c.json({ error: "Too many of these requests at a time. Try again." }, 503, later);
	return answered(c, async () => {
		const [position, count, connections] = await Promise.all([
			sse.position(name),
			countKept(sse, name),
			whole.streamsOf(name),
		]);
		const kept = Math.min(count, mostCounted);
		const more = count > mostCounted;
		return c.json({ name, position, kept, more, connections }, 200, noStore);
	}).finally(end);
}

/** When each running count began. A platform may end a request without telling us, so its count would never end. */
const underWay = new Set<{ readonly at: number }>();

/** Begins a count. @returns a function that ends it. Undefined: too many are running. */
function begin(): (() => void) | undefined {
	const at = performance.now();
	for (const each of underWay) if (each.at < at - longestCount) underWay.delete(each);
	if (underWay.size >= countsAtATime) return undefined;
	const mine = { at };
	underWay.add(mine);
	return () => underWay.delete(mine);
}

/** Counts in small reads, and keeps none: messages may be large, and a stranger may ask often. */
async function countKept(sse: ServerSentEvents, name: string): Promise<number> {
	let kept = 0;
	let limit = firstRead;
	for (let after = "0"; kept <= mostCounted; ) {
		const { messages, lastEventId } = await sse.history(name, { after, limit });
		kept += messages.length;
		if (messages.length < limit) break;
		after = lastEventId;
		const size = JSON.stringify(messages).length / messages.length;
		limit = Math.min(mostCounted + 1 - kept || 1, Math.max(firstRead, Math.floor(readSize / size)));
	}
	return kept;
}

/** Answers `DELETE /channel?name=…`: the hub forgets the channel's messages. Whoever may publish to it may delete them. */
export async function forgetChannel(c: Context, sse: ServerSentEvents): Promise<Response> {
	const name = c.req.query("name") ?? "";
	if (name === "") return c.json(unnamed, 400);
	return answered(c, async () => {
		await sse.forget(name);
		return c.body(null, 204);
	});
}

const unnamed = { error: "name: must be the name of a channel." };
const noStore = { "cache-control": "no-store" };
const later = { "retry-after": "5" };

/** Applies all rules of a stream to the request, and opens none. @returns the answer that refuses it. */
async function readRefusal(c: Context, sse: ServerSentEvents, name: string) {
	if (name === "") return c.json(unnamed, 400);
	const headers = new Headers(c.req.raw.headers);
	headers.set("accept", "application/json");
	headers.delete("last-event-id");
	const request = new Request(c.req.raw.url, { method: "HEAD", headers });
	if (sse.connector.history === undefined) {
		return c.json(
			{ error: "Nothing is kept: the hub has no history. Set SSE_HISTORY_LENGTH." },
			400,
		);
	}
	const answer = await sse.stream(request, { channel: name });
	return answer.ok ? undefined : answer;
}

async function answered(c: Context, answer: () => Promise<Response>): Promise<Response> {
	try {
		return await answer();
	} catch (error) {
		if (error instanceof TypeError) return c.json({ error: error.message }, 400);
		if (!(error instanceof ConnectorError)) throw error;
		logFailure("channel", error);
		return c.json({ error: "The broker did not answer. Try again." }, 503, later);
	}
}
