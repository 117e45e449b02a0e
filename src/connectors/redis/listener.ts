import type { SubscriptionHandlers } from "../../core/connector.ts";
import type { ConnectorError } from "../../core/errors.ts";
import { callHandler } from "../shared/handlers.ts";

type State = "pending" | "live" | "lost" | "ended";

/** One subscription: keeps its handlers from being called out of turn, and their exceptions in. */
export class Listener {
	readonly #handlers: SubscriptionHandlers;
	#state: State = "pending";
	/** What came with the confirmation, before we could say that it is restored: first that, then these. */
	#early: string[] = [];
	#resolve: () => void = unset;
	#reject: (error: ConnectorError) => void = unset;
	/** Resolves when it is live for the first time, rejects when it ended before that. */
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
		// Whoever catches up from a history would take it for the last one seen, and miss those before.
		if (this.#state === "lost") this.#early.push(payload);
		else callHandler(this.#handlers, "onMessage", payload);
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

	/** The connection is gone. One that was never live just goes on waiting. */
	down(error: ConnectorError): void {
		if (this.#state !== "live") return;
		this.#state = "lost";
		this.#early = [];
		callHandler(this.#handlers, "onLost", error);
	}

	/** It is over, whatever it was. */
	end(error: ConnectorError): void {
		const before = this.#state;
		this.#state = "ended";
		if (before === "pending") this.#reject(error);
		else if (before !== "ended") callHandler(this.#handlers, "onEnd", error);
	}

	/** Its owner has left: no handler is called from here on. */
	leave(): void {
		this.#state = "ended";
	}
}

function unset(): void {
	// A promise's functions are there as soon as it is made; the compiler cannot know.
}
