/** The Worker that is measured: the one of the README, and a route to publish. */

import { ServerSentEvents } from "../../src/core/sse.ts";
import type { ChannelNamespace } from "../../src/durable-object/connector.ts";
import { durableObject } from "../../src/durable-object.ts";

export { SseChannel } from "../../src/durable-object.ts";

interface Env {
	SSE: ChannelNamespace;
	HOLD: "worker" | "object";
	KEEP_ALIVE?: string;
}

let sse: ServerSentEvents | undefined;

export default {
	async fetch(request: Request, env: Env): Promise<Response> {
		sse ??= new ServerSentEvents({
			connector: durableObject(env.SSE, { hold: env.HOLD }),
			keepAlive: Number(env.KEEP_ALIVE ?? 8_000),
		});
		if (request.method !== "POST") return sse.fetch(request, env);
		const channel = new URL(request.url).searchParams.get("channel") ?? "sse";
		return Response.json(await sse.publish(await request.text(), { channel }));
	},
};
