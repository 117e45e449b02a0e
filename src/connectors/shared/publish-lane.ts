import type { OutgoingMessage, PublishOutcome } from "../../core/connector.ts";

/** The publishes of one channel. */
export interface Lane {
	readonly channel: string;
	/** Whether a call is running. */
	isBusy: boolean;
	/** In the order of their calls. Some may have expired. */
	waiting: Waiting[];
}

/** A message without an outcome. */
export class Waiting {
	readonly message: OutgoingMessage;
	/** By the clock of `performance.now()`, in ms. */
	readonly deadline: number;
	readonly #resolve: (outcome: PublishOutcome) => void;
	isOpen = true;

	constructor(
		message: OutgoingMessage,
		deadline: number,
		resolve: (outcome: PublishOutcome) => void,
	) {
		this.message = message;
		this.deadline = deadline;
		this.#resolve = resolve;
	}

	settle(outcome: PublishOutcome): void {
		this.isOpen = false;
		this.#resolve(outcome);
	}
}
