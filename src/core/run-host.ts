import { admit, isReady } from "./admit.ts";
import type { Connector, History } from "./connector.ts";
import type { Control } from "./control/channel.ts";
import {
	concerns,
	type Disconnect,
	type RecentDisconnects,
	type Target,
} from "./control/disconnect.ts";
import type { EndReason } from "./delivery/connection.ts";
import type { Ending } from "./delivery/connection-registry.ts";
import { MessageIterator, type MessagesOptions } from "./delivery/message-iterator.ts";
import type { Hooks } from "./hooks.ts";
import type { Hubs } from "./hubs.ts";
import { decode } from "./message/envelope.ts";
import type { Message } from "./message/message.ts";
import type { CheckedOptions } from "./options.ts";
import type { ConnectionLimits, Slot } from "./request/connection-limits.ts";
import { requestedCursor } from "./request/request.ts";
import { askToReconnect, eventStream } from "./request/response.ts";
import type { RunStore } from "./run-store.ts";
import { liftIdleTimeout, listenForDeparture, stopListening } from "./sinks/host.ts";
import type { Counters } from "./stats.ts";

/** What `ServerSentEvents` lends to the runs on it. */
interface Parts {
	readonly options: CheckedOptions;
	readonly connectionLimits: ConnectionLimits;
	readonly hooks: Hooks;
	readonly hubs: Hubs;
	readonly streams: Map<Ending, Target>;
	readonly control: Control;
	readonly recent: RecentDisconnects;
	/** What `close()` does before it closes the connector. */
	readonly beforeClose: Set<() => Promise<unknown>>;
	isClosing(): boolean;
}

/** The stream that a run is read on. */
export interface RunStream extends Ending {
	/** The client has left. */
	left(): void;
}

/** A request that may be streamed a run, and has its place. */
export interface Visit {
	/** For the answer, whichever it is. */
	readonly headers: Record<string, string>;
	readonly cursor: string | undefined;
	/** When the stream is to end, in ms since 1970; `Infinity`: never. */
	readonly expires: number;
	/** Counts a stream. @returns a function to call at the stream's end. */
	begin(stream: RunStream): (reason: EndReason) => void;
	/** The run's broker tells which streams to end. */
	onDisconnect(disconnect: Disconnect): void;
	/** It is answered otherwise. */
	leave(): void;
}

/** What `edge-sse/runs` is built on: the way to the broker, and to those who read. */
export class RunHost {
	readonly #parts: Parts;

	constructor(parts: Parts) {
		this.#parts = parts;
	}

	get options(): CheckedOptions {
		return this.#parts.options;
	}

	/**
	 * @throws {TypeError} when the connector has no runs.
	 * @throws {ConnectorError} when it is closed.
	 */
	connector(host?: unknown): { scope: Connector["scope"]; history: History; runs: RunStore } {
		const { name, scope, history, runs } = this.#parts.hubs.connectOpen(host);
		if (runs !== undefined && history !== undefined) return { scope, history, runs };
		throw new TypeError(
			history === undefined
				? `Runs: the connector ${name} keeps no messages; give it history: {}.`
				: `Runs: the connector ${name} has no runs.`,
		);
	}

	messages(
		channel: string,
		options: MessagesOptions,
		host?: unknown,
		onDisconnect?: Visit["onDisconnect"],
	): MessageIterator {
		return new MessageIterator(this.#parts.hubs.hubFor(host), channel, options, onDisconnect);
	}

	/**
	 * Subscribes to new messages without keeping them. Resolves when the subscription is live.
	 *
	 * @param ended called when the subscription is over and cannot heal.
	 * @returns what ends it; idempotent.
	 * @throws {ConnectorError} when the subscription fails.
	 */
	async listen(
		channel: string,
		heard: (message: Message) => void,
		ended: (error: Error) => void,
		host?: unknown,
	): Promise<() => void> {
		const { stop } = await this.#parts.hubs.hubFor(host).listen([channel], {
			onMessage: (_, { message }) => heard(message),
			onGap: () => undefined,
			onEnd: (_, error) => ended(error),
		});
		return stop;
	}

	/** A message of the history; undefined: another program wrote it. */
	decode(payload: string): Message | undefined {
		try {
			return decode(payload, true).message;
		} catch {
			return undefined; // What came live was reported then.
		}
	}

	get beforeClose(): Set<() => Promise<unknown>> {
		return this.#parts.beforeClose;
	}

	get counters(): Counters {
		return this.#parts.hubs.counters;
	}

	report(error: unknown, channel: string): void {
		this.#parts.options.onError(error, { stage: "run", channel });
	}

	/** Asks a passing client to come back. */
	later(request: Request, headers?: Record<string, string>): Response {
		this.#parts.hubs.counters.refusedStreams++;
		return askToReconnect(request, headers);
	}

	stream(body: ReadableStream<Uint8Array> | null, headers: Record<string, string>): Response {
		return eventStream(body, headers);
	}

	/** Holds a request to all rules of streams. @returns the answer, where it may not be streamed the run now. */
	async admit(request: Request, channel: string, host: unknown): Promise<Visit | Response> {
		if (!(await isReady(request, { channel, host }))) return askToReconnect(request);
		const { control, recent } = this.#parts;
		const mark = recent.begin();
		let visit: Visit | Response | undefined;
		try {
			visit = await this.#admit(request, channel, host, mark);
			return visit;
		} finally {
			if (visit === undefined || !("begin" in visit)) recent.end();
			else await control.enter();
		}
	}

	async #admit(request: Request, channel: string, host: unknown, mark: number) {
		const { options, connectionLimits, hooks, hubs, control, recent } = this.#parts;
		// A POST may be answered with the run that it began. In every other way it is a read request.
		const asked =
			request.method === "POST" ? new Request(request.url, { headers: request.headers }) : request;
		const admitted = await admit(asked, { channel, host }, options, () => true);
		if (!("names" in admitted)) {
			if (request.method !== "OPTIONS" || !admitted.ok) hubs.counters.refusedStreams++;
			return admitted;
		}
		const { headers, expires } = admitted;
		const isOver = this.#parts.isClosing() || expires <= Date.now();
		const slot = isOver
			? undefined
			: await connectionLimits.enter(await hooks.keyOf(request, host));
		if (slot === undefined) return this.later(request, headers);
		let isWaiting = true;
		let streamed: RunStream | undefined;
		const target = { names: admitted.names, clients: [slot.key] };
		return {
			headers,
			expires,
			cursor: requestedCursor(request),
			begin: (stream: RunStream) => {
				isWaiting = false;
				streamed = stream;
				return this.#begin(request, host, target, slot, stream, mark);
			},
			onDisconnect: (disconnect: Disconnect) => {
				if (concerns(disconnect, target)) streamed?.askToReconnect("disconnected");
			},
			leave: () => {
				if (!isWaiting) return;
				isWaiting = false;
				slot.release();
				recent.end();
				control.leave();
			},
		};
	}

	#begin(
		request: Request,
		host: unknown,
		target: Target,
		slot: Slot,
		stream: RunStream,
		mark: number,
	) {
		const { hooks, hubs, streams, control, recent } = this.#parts;
		const left = () => stream.left();
		const client = { onLeft: left, handleEvent: left };
		liftIdleTimeout(request, host);
		listenForDeparture(request, host, client);
		const disconnected = hooks.connected(target.names, request);
		streams.set(stream, target);
		const isOver = recent.since(mark, target) !== undefined;
		recent.end();
		// It has not begun yet.
		if (isOver) queueMicrotask(() => stream.askToReconnect("disconnected"));
		return (reason: EndReason): void => {
			if (!streams.delete(stream)) return;
			if (reason === "slow") hubs.counters.slowClients++;
			slot.release();
			control.leave();
			stopListening(request, host, client);
			disconnected(reason);
		};
	}
}
