import { onTestFinished } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import type { ServerSentEventsOptions } from "../../../src/core/options.ts";
import { ServerSentEvents } from "../../../src/exports.ts";

export type Events = { greeting: { message: string }; count: number };

export function instance(options: Partial<ServerSentEventsOptions<Events>> = {}) {
	const sse = new ServerSentEvents<Events>({ connector: memory(), linger: 0, ...options });
	onTestFinished(() => sse.close());
	return sse;
}

/** Closes the instance and reads the whole stream, without its final `retry:`, whose time is random. */
export async function text(sse: { close(): Promise<void> }, response: Response): Promise<string> {
	await sse.close();
	return (await response.text()).replace(/:\n\nretry:\d+\n\n$|retry:\d+\n\n$/, "");
}

export const hello = (sse: ServerSentEvents<Events>, channel: string) =>
	sse.publish({ message: "Hello!" }, { type: "greeting", channel });
export const helloFrame = 'event:greeting\ndata:{"message":"Hello!"}\n\n';
