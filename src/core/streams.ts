import type { Admitted } from "./admit.ts";
import type { Control } from "./control/channel.ts";
import {
	concerns,
	type Disconnect,
	heardDisconnect,
	RecentDisconnects,
	type Target,
} from "./control/disconnect.ts";
import type { Ending } from "./delivery/connection-registry.ts";
import { selectionOf } from "./delivery/selection.ts";
import { clients, ended, type Teardown } from "./delivery/teardown.ts";
import { ConnectorError } from "./errors.ts";
import { firstMessages } from "./first.ts";
import type { Hooks } from "./hooks.ts";
import type { Hubs } from "./hubs.ts";
import type { CheckedOptions } from "./options.ts";
import { poll } from "./poll.ts";
import type { PresenceHost, StreamWatcher } from "./presence-host.ts";
import type { ConnectionLimits, Slot } from "./request/connection-limits.ts";
import {
	asksForControl,
	asksForEnvelope,
	asksForNamedCursor,
	requestedCursor,
} from "./request/request.ts";
import { streamHeadersWith } from "./request/response.ts";
import { liftIdleTimeout, listenForDeparture, sinkFor } from "./sinks/host.ts";
import { checkOwnStreams, type StreamOptions } from "./stream-options.ts";

/** What all streams of one instance share. */
export interface StreamParts {
	readonly options: CheckedOptions;
	readonly connectionLimits: ConnectionLimits;
	readonly hooks: Hooks;
	readonly hubs: Hubs;
	readonly control: Control;
	/** Ends what waits when the instance closes. */
	readonly closing: AbortSignal;
}

/** How to answer a request that may read. */
interface Form {
	readonly asJson: boolean;
	/** The coding of the stream. */
	readonly coding: string | undefined;
	/** The headers of a stream's response besides its own. */
	readonly coded: Record<string, string>;
	/** The mark of `recent.begin()`, from before the request was admitted. */
	readonly mark: number;
}

/** Opens streams, and ends those that may not stay. */
export class Streams {
	/** Streams of runs, with their clients. */
	readonly ofRuns = new Map<Ending, Target>();
	readonly recent = new RecentDisconnects();
	readonly #parts: StreamParts;
	/** Sees streams begin and end. */
	#watcher: StreamWatcher | undefined;
	readonly #polls = new Map<AbortController, Target>();

	constructor(parts: StreamParts) {
		this.#parts = parts;
		parts.control.hear("disconnect", (message) => {
			const disconnect = heardDisconnect(message);
			if (disconnect !== undefined) this.disconnect(disconnect);
		});
	}

	/**
	 * Opens a stream, or reads messages as JSON.
	 *
	 * @returns a stream, or the text of JSON; null when the host sends the stream by itself;
	 *   undefined when the client is to come back later.
	 */
	async enter(
		request: Request,
		options: StreamOptions,
		admitted: Admitted,
		form: Form,
	): Promise<ReadableStream<Uint8Array> | string | null | undefined> {
		const { connectionLimits, hooks } = this.#parts;
		const slot = await connectionLimits.enter(await hooks.keyOf(request, options.host));
		if (slot === undefined) return undefined;
		try {
			if (!form.asJson) return await this.#open(request, options, admitted, slot, form);
			const text = await this.#poll(request, options, admitted, slot, form.mark);
			slot.release();
			return text;
		} catch (error) {
			slot.release();
			// It was reported where it happened, once for all waiting requests.
			if (error instanceof ConnectorError) return undefined;
			throw error;
		}
	}

	/** @param beforeClose runs before the broker connection closes. */
	presenceHost(beforeClose: Set<() => Promise<unknown>>): PresenceHost {
		const { options, control, hubs } = this.#parts;
		return {
			options,
			control,
			connector: () => {
				hubs.connectOpen();
				return hubs.given;
			},
			watch: (watcher) => {
				if (this.#watcher !== undefined) {
					throw new TypeError("Presence: this ServerSentEvents has one already.");
				}
				this.#watcher = watcher;
				beforeClose.add(() => watcher.close());
			},
		};
	}

	/** Ends the streams of this process that are meant. */
	disconnect(disconnect: Disconnect): void {
		this.recent.add(disconnect);
		const isMeant = (target: Target) => concerns(disconnect, target);
		for (const [polling, target] of this.#polls) if (isMeant(target)) polling.abort();

		for (const [stream, target] of [...this.ofRuns]) {
			if (isMeant(target)) stream.askToReconnect("disconnected");
		}
		for (const hub of this.#parts.hubs.all()) hub.disconnect(disconnect);
	}

	async #poll(
		request: Request,
		options: StreamOptions,
		admitted: Admitted,
		slot: Slot,
		mark: number,
	): Promise<string | undefined> {
		const { hubs, control, closing, options: all } = this.#parts;
		const selection = this.#selectionOf(options);
		const target = { names: admitted.names, clients: [slot.key] };
		const ending = new AbortController();
		let isOver = false;
		const onDisconnect = (disconnect: Disconnect) => {
			if (!concerns(disconnect, target)) return;
			isOver = true;
			ending.abort();
		};
		const reader = {
			...{ ...admitted, selection, onDisconnect },
			...{ route: options, report: all.onError },
		};
		this.#polls.set(ending, target);
		try {
			const reading = poll(request, reader, hubs, [closing, ending.signal]);
			// After the channels' own subscriptions, which a reader waits for.
			void control.enter();
			const text = await reading;
			// It may have read what its client may not see any more.
			const mayHave = !isOver && this.recent.since(mark, target) === undefined;
			return mayHave ? text : undefined;
		} finally {
			this.#polls.delete(ending);
			control.leave();
		}
	}

	#selectionOf({ types, filter }: StreamOptions) {
		return selectionOf(types, filter, this.#parts.options.onError);
	}

	async #open(
		request: Request,
		options: StreamOptions,
		{ names, expires }: Admitted,
		slot: Slot,
		{ coding, coded, mark }: Form,
	): Promise<ReadableStream<Uint8Array> | null> {
		const { hubs, hooks, control, options: all } = this.#parts;
		const { host, recent = 0, envelope = asksForEnvelope(request), types } = options;
		const visitor = await this.#watcher?.admit(request, names);
		const connector = visitor?.connector ?? hubs.connect(host);
		const lastEventId = connector.history && requestedCursor(request);
		const asksControl = asksForControl(request);
		const named = asksForNamedCursor(request);
		const resume = { lastEventId, recent, expires, control: asksControl, envelope, named, types };
		if (connector.stream !== undefined) checkOwnStreams(options);
		const handedOn = connector.stream?.(names, resume);
		if (handedOn !== undefined) {
			slot.release(); // the broker that makes the streams counts them
			return handedOn.catch((error: unknown) => {
				all.onError(error, { stage: "subscribe" });
				throw error;
			});
		}
		const hub = hubs.hubFor(host, connector);
		const view = { envelope, named, selection: this.#selectionOf(options) };
		const first = firstMessages(options.first, lastEventId, all.onError);
		let isHeard = false;
		const attend = () => {
			isHeard = true;
			return control.enter();
		};
		try {
			const opening = { ...resume, view, compressed: coding !== undefined, first, attend };
			const { connection, sink } = await hub.open(
				names,
				opening,
				sinkFor(request, host, streamHeadersWith(coded)),
			);
			isHeard = false; // from now on the teardown calls `control.leave()`
			hubs.keep(hub);
			liftIdleTimeout(request, host);
			listenForDeparture(request, host, connection);
			const disconnected = hooks.connected(names, request);
			const teardown: Teardown = {
				...{ slot, request, host, connection, hubs: hubs.ofRequests, hub, control },
				...{ disconnected, visitor, clients, ended },
			};
			visitor?.began(connection);
			connection.onEnd(teardown);
			const over = this.recent.since(mark, { names, clients: connection.clients });
			if (over !== undefined) connection.expel(over);
			return sink.body ?? null;
		} finally {
			if (isHeard) control.leave();
		}
	}
}
