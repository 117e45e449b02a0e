import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { EventClient, type EventClientOptions } from "../../src/client.ts";
import { until } from "../support/wait.ts";

export const ends: (() => void)[] = [];

/** For the end of a file: ends what was started. */
export function endAll(): void {
	for (const end of ends) end();
}

export type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

interface Scene {
	url: string;
	/** When each request came, in ms. */
	times: number[];
	requests: IncomingMessage[];
}

/** A server that gives these answers, one to each request, and repeats the last one. */
export async function serve(...answers: Answer[]): Promise<Scene> {
	const scene: Scene = { url: "", times: [], requests: [] };
	const server = createServer((request, response) => {
		scene.requests.push(request);
		const answer = answers[Math.min(scene.times.push(performance.now()), answers.length) - 1];
		request.resume().on("end", () => answer?.(response, request));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	ends.push(() => {
		server.closeAllConnections();
		server.close();
	});
	scene.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`;
	return scene;
}

export const status =
	(code: number, headers: Record<string, string> = {}): Answer =>
	(response) =>
		response.writeHead(code, headers).end("no");

/** A stream that stays open. */
export const stream =
	(text: string): Answer =>
	(response) =>
		response.writeHead(200, { "content-type": "text/event-stream" }).write(text);

export function listen(url: string, options: EventClientOptions = {}) {
	/** How long it has waited before each further request, by its own account, in ms. */
	const waits: number[] = [];
	const events = new EventClient(url, {
		...options,
		onDebug: (record) => {
			if (record.state === "waiting") waits.push(Number(record.why));
			options.onDebug?.(record);
		},
	});
	const states: string[] = [];
	const errors: unknown[] = [];
	const seen: unknown[] = [];
	events.onState((state, error) => {
		states.push(state);
		if (error !== undefined) errors.push(error);
	});
	events.on("message", (data, { lastEventId }) => seen.push([data, lastEventId]));
	ends.push(() => events.close());
	const when = (what: string, condition: () => boolean) =>
		until(condition, { what: `${what}; ${states.join()}; ${errors.join()}` });
	return { events, states, errors, seen, waits, when };
}
