import type { ConnectorError } from "../../core/errors.ts";
import type { SubscribeRequest } from "./reply-parser.ts";
import { type Rest, RestError } from "./rest.ts";
import { SubscribeStream, type SubscribeStreamHandlers } from "./stream.ts";

/** What all subscriptions of a connector share. Times are in ms. */
export interface Supervision {
	readonly rest: Rest;
	readonly timeout: number;
	readonly maxSilence: number;
	readonly maxBackoff: number;
	/** How long the old stream may take to show that it lives, once the new one is there. */
	readonly grace: number;
	/** With history, the messages that a silently dead stream missed can be read. */
	readonly keepsHistory: boolean;
	/** Only one subscription renews at a time, so that at most channels + 1 requests are open. */
	renewing: boolean;
	/**
	 * When the last renewal ended, by `Date.now()`. Upstash notices a cancelled request a moment
	 * later.
	 */
	renewedAt: number;
}

export interface RenewalHandlers {
	/**
	 * The stream takes the old one's place. `held` is what it has brought so far.
	 *
	 * @param gap why something may be missing before that. Absent where nothing suggests it.
	 */
	onReplaced(stream: SubscribeStream, held: readonly string[], gap?: ConnectorError): void;
	/** There is no new stream, or it is gone again. */
	onFailed(error: ConnectorError): void;
}

/**
 * A second request beside a silent one. It finds out whether the first still lives, or replaces
 * it.
 *
 * Redis gives both streams the same messages in the same order, without ids to match them by,
 * and equal payloads are common. So the two are never merged. What the new one brings is held
 * back:
 *
 * - Anything from the old stream proves that it lives. It brings everything, so the new one and
 *   its messages are dropped (`cancel`).
 * - A message on the new stream, and none on the old within `grace`: the old one is dead. The
 *   held messages follow, and a gap is reported, because nobody knows since when it was dead.
 * - Both are silent within `grace` of the confirmation: the new one, which was alive a moment
 *   ago, takes over silently.
 */
export class Renewal {
	readonly #supervision: Supervision;
	readonly #handlers: RenewalHandlers;
	readonly #stream: SubscribeStream;
	readonly #held: string[] = [];
	#timer: ReturnType<typeof setTimeout> | undefined;
	#live = false;
	#over = false;

	constructor(supervision: Supervision, request: SubscribeRequest, handlers: RenewalHandlers) {
		this.#supervision = supervision;
		this.#handlers = handlers;
		this.#stream = new SubscribeStream(supervision.rest, request, this.#streamHandlers());
		supervision.renewing = true;
	}

	/** Settles when the new stream opens or fails. The handlers get the outcome. */
	async run(): Promise<void> {
		try {
			await this.#stream.open(this.#supervision.timeout);
		} catch (error) {
			if (!this.#over) this.#fail(error as ConnectorError);
		}
	}

	/** The old stream lives, or no new one is wanted. Idempotent. */
	cancel(): void {
		if (this.#over) return;
		this.#finish();
		this.#stream.close();
	}

	/**
	 * The old stream has ended. Returns whether the new one can replace it. If not, that is
	 * dropped.
	 */
	replace(gap: ConnectorError): boolean {
		if (this.#live) this.#promote(gap);
		else this.cancel();
		return this.#live;
	}

	#streamHandlers(): SubscribeStreamHandlers {
		return {
			onLive: () => {
				this.#live = true;
				this.#startGrace();
			},
			onPayload: (payload) => {
				this.#held.push(payload);
				// The old stream gets the full time for its copy of the first message.
				if (this.#held.length === 1) this.#startGrace();
			},
			onBytes: () => undefined,
			onEnd: (error) => {
				this.#promote(this.#silence());
				this.#handlers.onFailed(error);
			},
		};
	}

	#startGrace(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#promote(this.#silence()), this.#supervision.grace);
	}

	#silence(): ConnectorError | undefined {
		if (this.#held.length === 0) return undefined;
		return new RestError("unavailable", "The stream from Upstash died unnoticed.");
	}

	#promote(gap: ConnectorError | undefined): void {
		this.#finish();
		this.#handlers.onReplaced(this.#stream, this.#held, gap);
	}

	#fail(error: ConnectorError): void {
		this.#finish();
		this.#handlers.onFailed(error);
	}

	#finish(): void {
		this.#over = true;
		clearTimeout(this.#timer);
		this.#supervision.renewing = false;
		this.#supervision.renewedAt = Date.now();
	}
}
