import type { SubscriptionHandlers } from "../../core/connector.ts";
import type { ConnectorError } from "../../core/errors.ts";
import { callHandler } from "./handlers.ts";

type State = "pending" | "live" | "lost" | "ended";

/** One subscription. It calls its handlers in the right order, and catches what they throw. */
export class Listener {
	readonly #handlers: SubscriptionHandlers;
	#state: State = "pending";
	/** Messages that came with the confirmation. They are delivered after `onRestored`. */
	#early: string[] = [];
	#resolve: () => void = unset;
	#reject: (error: ConnectorError) => void = unset;
	/** Resolves when it is first live, rejects when it ends before that. */
	readonly settled: Promise<void>;

	constructor(handlers: SubscriptionHandlers) {
		this.#handlers = handlers;
		this.settled = new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
		});
	}

	/** Confirmed, and not lost since. */
	get isLive(): boolean {
		return this.#state === "live";
	}

	get isEnded(): boolean {
		return this.#state === "ended";
	}

	message(payload: string): void {
		if (this.#state === "ended") return;
		// Delivered at once, it would look like the newest known message, and older ones would be
		// missed.
		if (this.#state === "lost") this.#early.push(payload);
		else callHandler(this.#handlers, "onMessage", payload);
	}

	/** Calls another handler. */
	tell<Name extends "onDegraded" | "onDisconnect">(
		name: Name,
		...args: Parameters<NonNullable<SubscriptionHandlers[Name]>>
	): void {
		if (this.#state !== "ended") callHandler(this.#handlers, name, ...args);
	}

	/** The broker has confirmed the subscription. */
	up(): void {
		const before = this.#state;
		if (before !== "pending" && before !== "lost") return;
		this.#state = "live";
		if (before === "pending") this.#resolve();
		else callHandler(this.#handlers, "onRestored");
		for (const payload of this.#early.splice(0)) this.message(payload);
	}

	/** The connection is lost. A subscription that was never live goes on waiting. */
	down(error: ConnectorError): void {
		if (this.#state !== "live") return;
		this.#state = "lost";
		this.#early = [];
		callHandler(this.#handlers, "onLost", error);
	}

	/** Ends it, in any state. */
	end(error: ConnectorError): void {
		const before = this.#state;
		this.#state = "ended";
		if (before === "pending") this.#reject(error);
		else if (before !== "ended") callHandler(this.#handlers, "onEnd", error);
	}

	/** Its owner has left: no handler is called from now on. */
	leave(): void {
		this.#state = "ended";
	}
}

function unset(): void {
	// A promise's functions exist as soon as it is made. The compiler cannot know that.
}
