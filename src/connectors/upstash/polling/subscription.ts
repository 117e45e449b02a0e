import type { SubscriptionHandlers } from "../../../core/connector.ts";
import type { ConnectorError } from "../../../core/errors.ts";
import type { RedisHistory } from "../../shared/redis-history.ts";
import type { RedisStore } from "../../shared/redis-store.ts";
import { OwnSubscription } from "../own-subscription.ts";
import type { Supervision } from "../renewal.ts";
import { RestError } from "../rest.ts";
import { SupervisedSubscription } from "../subscription.ts";
import { PolledChannel } from "./channel.ts";
import type { StreamGate } from "./gate.ts";
import type { Polled, Poller } from "./poller.ts";

interface Parts {
	readonly supervision: Supervision;
	readonly history: RedisHistory;
	readonly store: RedisStore;
	readonly gate: StreamGate;
	readonly poller: Poller;
	/** For messages: how often it polls. */
	readonly pace: string;
}

/**
 * One subscription, by a stream where there is one, else by polls.
 *
 * A change from one to the other ends with `onRestored`: the owner then reads from its own
 * position what may have come in between.
 */
export class PollingSubscription extends OwnSubscription {
	readonly #parts: Parts;
	readonly #channel: string;
	readonly #handlers: SubscriptionHandlers;
	#stream: SupervisedSubscription | undefined;
	#polled: Polled | undefined;
	/** Runs while a stream is lost. */
	#patience: ReturnType<typeof setTimeout> | undefined;

	constructor(
		parts: Parts,
		channel: string,
		handlers: SubscriptionHandlers,
		onDone: (subscription: OwnSubscription) => void,
	) {
		super(handlers, onDone);
		this.#parts = parts;
		this.#channel = channel;
		this.#handlers = handlers;
	}

	protected async open(): Promise<void> {
		const { gate } = this.#parts;
		const refusal = gate.take() ? await this.#openStream() : undefined;
		if (this.#stream !== undefined) return;
		await this.#poll();
		if (refusal !== undefined) this.#degrade(refusal);
	}

	protected release(): void {
		clearTimeout(this.#patience);
		void this.#stream?.unsubscribe();
		this.#stopPolling();
	}

	/** @returns why there is no stream. */
	async #openStream(): Promise<ConnectorError | undefined> {
		const stream = new SupervisedSubscription(
			this.#parts.supervision,
			this.#channel,
			{
				onMessage: (payload) => {
					this.#adopt();
					this.tell("onMessage", payload);
				},
				onLost: (error) => this.#lose(error),
				onRestored: () => this.#restored(),
				onEnd: (error) => {
					this.#stream = undefined;
					this.#lose(error);
					void this.#replaceStream(error);
				},
			},
			() => undefined,
		);
		this.#stream = stream;
		try {
			await stream.start();
			this.#adopt();
			return undefined;
		} catch (error) {
			this.#stream = undefined;
			return error as ConnectorError;
		}
	}

	/** The stream is live. The polls end before its first message is handed on. */
	#adopt(): void {
		this.#parts.gate.open();
		if (this.#polled === undefined) return;
		this.#stopPolling();
		this.tellRestored();
	}

	/** @throws {ConnectorError} when the history cannot be read either. */
	async #poll(): Promise<void> {
		const { history, store, poller } = this.#parts;
		if (this.done) return;
		const head = await history.head(this.#channel);
		// Meanwhile it may have ended, or its stream may be back.
		if (this.done || (this.#stream !== undefined && !this.lost)) return;
		const { stream } = store.keysOf(this.#channel);
		const { maxAge } = store.limitsOf(this.#channel);
		this.#polled = {
			channel: new PolledChannel(head, { stream, maxAge }, this.#handlers),
			tryStream: () => this.#tryStream(),
			end: (error) => this.end(error),
		};
		poller.add(this.#polled);
	}

	#stopPolling(): void {
		if (this.#polled !== undefined) this.#parts.poller.delete(this.#polled);
		this.#polled = undefined;
	}

	async #tryStream(): Promise<boolean> {
		const refusal = await this.#openStream();
		if (refusal === undefined) return true;
		if (!this.done) this.#parts.gate.close(refusal);
		return false;
	}

	/** The stream broke. It is reopened by itself. After a while polls take its place. */
	#lose(error: ConnectorError): void {
		if (this.done || this.lost || this.#polled !== undefined) return;
		this.tellLost(error);
		this.#waitForStream(error);
	}

	#restored(): void {
		if (this.done || this.#polled !== undefined) return;
		clearTimeout(this.#patience);
		this.tellRestored();
	}

	#waitForStream(error: ConnectorError): void {
		clearTimeout(this.#patience);
		const wait = Math.min(this.#parts.supervision.timeout, longestWait);
		this.#patience = setTimeout(() => void this.#replaceStream(error), wait);
	}

	async #replaceStream(error: ConnectorError): Promise<void> {
		clearTimeout(this.#patience);
		try {
			await this.#poll();
		} catch (failure) {
			if ((failure as ConnectorError).code === "refused") this.end(failure as ConnectorError);
			else if (!this.done && this.lost) this.#waitForStream(error);
			return;
		}
		if (this.#polled === undefined) return;
		void this.#stream?.unsubscribe();
		this.#stream = undefined;
		this.#degrade(error);
		this.tellRestored();
	}

	#degrade(cause: ConnectorError): void {
		this.#parts.gate.close(cause);
		if (this.done) return;
		const message = `${cause.message} The channel is polled instead, ${this.#parts.pace}.`;
		const code = cause.code === "refused" ? "refused" : "unavailable";
		this.tell("onDegraded", new RestError(code, message, { cause }));
	}
}

/** A timer with a longer delay fires at once. */
const longestWait = 2_147_483_647;
