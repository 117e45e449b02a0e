import * as http from "node:http";
import { onTestFinished } from "vitest";
import { toNodeHandler } from "../../../src/adapters/node.ts";
import type { ServerSentEvents } from "../../../src/core/sse.ts";
import { type EventStream, openSocketStream } from "../../support/event-stream.ts";
import { type Host, listen } from "./hosts.ts";

/** For tests in which code intercepts the bytes between us and the socket. */

export type Write = (chunk: Uint8Array, ...rest: unknown[]) => unknown;
export type Response = http.ServerResponse;

/** An interceptor that records what it gets, and passes it on as capitals, so that both are visible. */
export function between() {
	const { write } = http.OutgoingMessage.prototype as unknown as { write: Write };
	let seen = "";
	function taken(this: unknown, chunk: Uint8Array, ...rest: unknown[]) {
		const text = Buffer.from(chunk).toString();
		seen += text;
		return write.call(this, Buffer.from(text.toUpperCase()), ...rest);
	}
	return { taken: taken as Response["write"], seen: () => seen };
}

/** Replaces a property for one test. */
export function replace<T extends object>(target: T, name: keyof T, value: unknown): void {
	const before = Object.getOwnPropertyDescriptor(target, name);
	Object.defineProperty(target, name, { value, configurable: true, writable: true });
	onTestFinished(() => {
		if (before === undefined) Reflect.deleteProperty(target, name);
		else Object.defineProperty(target, name, before);
	});
}

export async function opened({ url }: Host): Promise<EventStream> {
	const stream = await openSocketStream(url);
	onTestFinished(() => stream.close());
	return stream;
}

/** A stream that has brought one event, and the response that sends it. */
export async function begun(sse: ServerSentEvents, first: string) {
	const { promise, resolve } = Promise.withResolvers<Response>();
	const handler = toNodeHandler(sse);
	const server = http.createServer((incoming, response) => {
		resolve(response);
		handler(incoming, response);
	});
	const stream = await opened(await listen(server));
	await sse.publish(first);
	await stream.event();
	return { stream, response: await promise };
}
