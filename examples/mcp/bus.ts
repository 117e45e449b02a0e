import type { ServerEvent, ServerEventBus } from "@modelcontextprotocol/server";
import type { ServerSentEvents } from "edge-sse";

/** What a server tells when it does not know what has changed. */
const everything: ServerEvent[] = [
	{ kind: "tools_list_changed" },
	{ kind: "prompts_list_changed" },
	{ kind: "resources_list_changed" },
];

const pause = 1_000;

/**
 * The change events of MCP servers in any number of processes, on one channel. It needs a connector with history: what is
 * published while the broker is away from this process comes afterwards.
 */
export async function serverEventBus(
	sse: ServerSentEvents,
	{ channel = "mcp", signal }: { channel?: string; signal?: AbortSignal } = {},
): Promise<ServerEventBus> {
	const listeners = new Set<(event: ServerEvent) => void>();
	const tell = (event: ServerEvent) => {
		for (const listener of [...listeners]) {
			try {
				listener(event);
			} catch (error) {
				console.error(error); // The others hear it all the same.
			}
		}
	};
	// From here on nothing is missed, however long the first subscription takes.
	let lastEventId = await sse.position(channel);

	async function follow(): Promise<void> {
		for await (const { type, data, id } of sse.messages(channel, { lastEventId, signal })) {
			lastEventId = id ?? lastEventId;
			// The history does not reach back to where it was.
			if (type === "sse.gap") everything.forEach(tell);
			else tell(data as ServerEvent);
		}
	}
	async function followOn(): Promise<void> {
		for (;;) {
			try {
				return await follow();
			} catch (error) {
				if (error instanceof Error && "code" in error && error.code === "closed") return;
				console.error(error);
				await new Promise((resolve) => setTimeout(resolve, pause));
			}
		}
	}
	void followOn();

	return {
		// What cannot be published goes to `onError`.
		publish: (event) => sse.send(event, { channel }),
		subscribe(listener) {
			// The same function may be there twice, and each has its own end.
			const hear = (event: ServerEvent) => listener(event);
			listeners.add(hear);
			return () => {
				listeners.delete(hear);
			};
		},
	};
}
