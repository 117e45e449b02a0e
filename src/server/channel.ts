import type { Context } from "hono";
import { ConnectorError } from "../core/errors.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import { logFailure } from "./log.ts";

/** Messages that are counted, at most: whoever may read may ask. */
const mostCounted = 500;

/**
 * `GET /channel?name=…`: where the channel stands, how much is kept of it, and how many streams it has in this process.
 * It takes the right to read the channel.
 */
export async function describeChannel(c: Context, sse: ServerSentEvents): Promise<Response> {
	const name = c.req.query("name") ?? "";
	const refusal = await readRefusal(c, sse, name);
	if (refusal !== undefined) return refusal;
	return answered(c, async () => {
		const [position, { messages }] = await Promise.all([
			sse.position(name),
			sse.history(name, { after: "0", limit: mostCounted }),
		]);
		const kept = messages.length;
		const more = kept === mostCounted;
		return c.json({ name, position, kept, more, connections: sse.streamsOf(name) }, 200, noStore);
	});
}

/** `DELETE /channel?name=…`: forgets what is kept. It takes the right to publish to the channel. */
export async function forgetChannel(c: Context, sse: ServerSentEvents): Promise<Response> {
	const name = c.req.query("name") ?? "";
	return answered(c, async () => {
		await sse.forget(name);
		return c.body(null, 204);
	});
}

const noStore = { "cache-control": "no-store" };

/** Asks all the rules of streams, and opens none. */
async function readRefusal(c: Context, sse: ServerSentEvents, name: string) {
	if (name === "") return c.json({ error: "name: must be the name of a channel." }, 400);
	const headers = new Headers(c.req.raw.headers);
	headers.set("accept", "application/json");
	headers.delete("last-event-id");
	const request = new Request(c.req.raw.url, { method: "HEAD", headers });
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
		return c.json({ error: "The broker did not answer. Try again." }, 503, { "retry-after": "5" });
	}
}
