import { expect, onTestFinished } from "vitest";
import { memory } from "../../../../src/connectors/memory.ts";
import type {
	Connector,
	HistoryOptions,
	SendOptions,
	SubscriptionHandlers,
} from "../../../../src/core/connector.ts";
import { ConnectorError } from "../../../../src/core/errors.ts";
import type { ServerSentEventsOptions } from "../../../../src/core/options.ts";
import { controlChannel } from "../../../../src/core/request/request.ts";
import { ServerSentEvents } from "../../../../src/core/sse.ts";
import { Client } from "../../../resume/client.ts";
import { parsed } from "../message/parsed.ts";

export interface Options extends Omit<ServerSentEventsOptions, "connector"> {
	connector?: Connector;
	history?: HistoryOptions | undefined;
}

/** An instance that is closed with its test, its connector's calls, and its reports. */
export interface Scene {
	sse: ServerSentEvents;
	broker: Broker;
	/** The connector's calls, such as `subscribe a`. */
	calls: string[];
	reports: { error: unknown; stage: string; channel?: string }[];
}

export function scene({ connector, history, ...options }: Options = {}): Scene {
	const broker = new Broker(connector ?? memory({ history }));
	const reports: Scene["reports"] = [];
	const onError = (error: unknown, context: { stage: string; channel?: string }) =>
		void reports.push({ error, ...context });
	const sse = new ServerSentEvents({ onError, ...options, connector: broker });
	onTestFinished(() => sse.close());
	return { sse, broker, calls: broker.calls, reports };
}

/** What was reported, as `stage: message`. */
export function told({ reports }: Scene): string[] {
	return reports.map(({ stage, error }) => `${stage}: ${(error as Error).message}`);
}

/** A connector that records its calls, and whose subscriptions and reads can be delayed. */
export class Broker implements Connector {
	readonly calls: string[] = [];
	readonly subscribers = new Map<string, SubscriptionHandlers>();
	/** Channels whose messages are held back. */
	readonly silent = new Set<string>();
	/** Subscriptions wait for this promise. */
	ready: Promise<void> = Promise.resolve();
	/** Reads of the history wait for this promise. */
	readable: Promise<void> = Promise.resolve();
	readonly name: string;
	readonly scope: Connector["scope"];
	readonly history: Connector["history"];
	readonly #inner: Connector;

	constructor(inner: Connector) {
		this.#inner = inner;
		this.name = inner.name;
		this.scope = inner.scope;
		const { history } = inner;
		this.history = history && {
			read: async (channel, ...rest) => {
				this.calls.push(`read ${channel}`);
				await this.readable;
				return history.read(channel, ...rest);
			},
			head: (channel, ...rest) => {
				this.calls.push(`head ${channel}`);
				return history.head(channel, ...rest);
			},
		};
	}

	publish(channel: string, payload: string, options?: SendOptions) {
		this.calls.push(`publish ${channel}`);
		return this.#inner.publish(channel, payload, options);
	}

	async subscribe(channel: string, handlers: SubscriptionHandlers) {
		// Every instance with streams subscribes to it. No test here is about it.
		if (channel.endsWith(controlChannel)) return this.#inner.subscribe(channel, handlers);
		this.calls.push(`subscribe ${channel}`);
		await this.ready;
		this.subscribers.set(channel, handlers);
		return this.#inner.subscribe(channel, {
			onMessage: (payload) => this.silent.has(channel) || handlers.onMessage(payload),
			onLost: (error) => handlers.onLost(error),
			onRestored: () => handlers.onRestored(),
			onEnd: (error) => handlers.onEnd(error),
		});
	}

	/** Loses the subscription for a while, and with it what is published meanwhile. */
	async without(channel: string, meanwhile: () => Promise<unknown>): Promise<void> {
		this.silent.add(channel);
		this.subscribers.get(channel)?.onLost(new ConnectorError("unavailable", "lost"));
		await meanwhile();
		this.silent.delete(channel);
		this.subscribers.get(channel)?.onRestored();
	}

	close(): Promise<void> {
		this.calls.push("close");
		return this.#inner.close();
	}
}

export type Ask = RequestInit & { host?: unknown };

export function request(query = "channel=a", init: RequestInit = {}): Request {
	return new Request(`http://hub.test/any/path?${query}`, init);
}

export function ask(
	{ sse }: Pick<Scene, "sse">,
	query?: string,
	{ host, ...init }: Ask = {},
): Promise<Response> {
	return sse.fetch(request(query, init), host);
}

/** Opens a stream, which must not be refused, and reads it with a real parser. */
export async function open(
	scene: Pick<Scene, "sse">,
	query?: string,
	init?: Ask & { paused?: boolean },
): Promise<Client> {
	const { refusedStreams } = scene.sse.stats();
	const client = read(await ask(scene, query, init), init?.paused);
	expect(scene.sse.stats().refusedStreams, "streams that were turned away").toBe(refusedStreams);
	return client;
}

export function read(response: Response, paused = false): Client {
	expect(response.status).toBe(200);
	expect(response.headers.get("content-type")).toBe("text/event-stream");
	const client = new Client(response, [], undefined, paused);
	onTestFinished(() => client.close());
	return client;
}

/** Expects the answer that makes an EventSource reconnect: a stream that ends at once with `retry:`. */
export async function expectComeBack(response: Response): Promise<void> {
	expect(response.status).toBe(200);
	expect(response.headers.get("content-type")).toBe("text/event-stream");
	const { events, retries, errors } = parsed(await response.text());
	expect({ events, errors }).toEqual({ events: [], errors: [] });
	expect(retries).toHaveLength(1);
	expect(retries[0]).toBeGreaterThanOrEqual(2_000);
	expect(retries[0]).toBeLessThan(6_000);
}

/** Expects a final refusal with a text, which must not be cached. */
export async function expectRefused(response: Response, status: number, rule?: RegExp) {
	expect(response.status).toBe(status);
	expect(response.headers.get("cache-control")).toBe("no-store");
	const { error } = (await response.json()) as { error: string };
	if (rule !== undefined) expect(error).toMatch(rule);
	return error;
}
