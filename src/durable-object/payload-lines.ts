import type { Connector } from "../core/connector.ts";
import { Connection } from "../core/delivery/connection.ts";
import type { ServerSentEventsOptions } from "../core/options.ts";
import { BodySink, type StreamSink } from "../core/sinks/sink.ts";
import { counters } from "../core/stats.ts";
import { failureOf, type Line } from "./protocol.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** A channel's payloads, one per line, for one reader. All limits for clients apply. */
export async function payloadLines(
	connector: Connector,
	channel: string,
	{ keepAlive = 8_000, limits }: Pick<ServerSentEventsOptions, "keepAlive" | "limits">,
): Promise<StreamSink["body"]> {
	const connection = new Connection({
		tick: 0,
		bufferedBytes: limits?.bufferedBytes ?? 1_048_576,
		counters: counters(),
		flush: () => undefined,
		ended: () => undefined,
	});
	const sink = new BodySink(connection);
	connection.use(sink);
	const write = (text: string) => {
		// Breaks the stream instead of leaving a gap: the connector notices, and opens another.
		if (!connection.write(encoder.encode(`${text}\n`))) connection.disconnect("slow");
	};
	const tell = (line: Line) => write(JSON.stringify(line));
	const subscription = await connector.subscribe(channel, {
		onMessage: tell,
		onLost: (error) => tell({ lost: failureOf(error) }),
		onRestored: () => tell({ restored: true }),
		onEnd: (error) => {
			tell({ end: failureOf(error) });
			connection.onDisconnect();
		},
	});
	const timer = setInterval(write, keepAlive, "");
	const ended = () => {
		clearInterval(timer);
		subscription.unsubscribe().catch((error) => console.error("edge-sse:", error));
	};
	connection.onEnd({ ended });
	return sink.body;
}
