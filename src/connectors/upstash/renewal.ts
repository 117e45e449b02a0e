import type { ConnectorError } from "../../core/errors.ts";
import type { SubscribeRequest } from "./reply-parser.ts";
import { type Rest, RestError } from "./rest.ts";
import { Upstream, type UpstreamHandlers } from "./stream.ts";

/** What every subscription of a connector shares. Times are in ms. */
export interface Supervision {
	readonly rest: Rest;
	readonly timeout: number;
	readonly maxSilence: number;
	readonly maxBackoff: number;
	/** How long the old stream may take to show that it lives, once the new one is there. */
	readonly grace: number;
	/** What a stream that died in silence did not bring can be read. */
	readonly keepsHistory: boolean;
	/** Somebody is renewing: one at a time, so that no more than channels + 1 requests are open. */
	renewing: boolean;
	/** When the last renewal was over, as of `Date.now()`: Upstash learns of a request left a moment later. */
	renewedAt: number;
}

export interface RenewalHandlers {
	/**
	 * The upstream is to take the old one's place, and `held` is what it brought so far.
	 *
	 * @param gap says why something may be missing before that; absent where nothing hints at it.
	 */
	onReplaced(upstream: Upstream, held: readonly string[], gap?: ConnectorError): void;
	/** There is no new upstream, or it is gone again. */
	onFailed(error: ConnectorError): void;
}

/**
 * A second request beside a silent one, to find out whether that still lives, or to replace it.
 *
 * Redis gives both streams the same messages in the same order, and no ids to match them by; equal
 * payloads are common. So the two are never merged. What the new one brings is held back:
 *
 * - Anything from the old stream proves that it lives. It will bring, or has brought, everything; the new
 *   one and what it holds are dropped (`cancel`).
 * - A message on the new stream, and none on the old within `grace`: the old one is dead. What is held
 *   follows, and a gap is reported, for there is no telling since when it was dead.
 * - Neither says a word within `grace` of the confirmation: the new one, which was alive a moment ago,
 *   takes over in silence.
 */
export class Renewal {
	readonly #supervision: Supervision;
	readonly #handlers: RenewalHandlers;
	readonly #upstream: Upstream;
	readonly #held: string[] = [];
	#timer: ReturnType<typeof setTimeout> | undefined;
	#live = false;
	#over = false;

	constructor(supervision: Supervision, request: SubscribeRequest, handlers: RenewalHandlers) {
		this.#supervision = supervision;
		this.#handlers = handlers;
		this.#upstream = new Upstream(supervision.rest, request, this.#upstreamHandlers());
		supervision.renewing = true;
	}

	/** Settles with the opening of the new upstream; the outcome goes to the handlers. */
	async run(): Promise<void> {
		try {
			await this.#upstream.open(this.#supervision.timeout);
		} catch (error) {
			if (!this.#over) this.#fail(error as ConnectorError);
		}
	}

	/** The old stream lives, or nobody wants a new one any more. Idempotent. */
	cancel(): void {
		if (this.#over) return;
		this.#finish();
		this.#upstream.close();
	}

	/** The old stream has ended. Whether the new one is there to replace it; if not, it is dropped. */
	replace(gap: ConnectorError): boolean {
		if (this.#live) this.#promote(gap);
		else this.cancel();
		return this.#live;
	}

	#upstreamHandlers(): UpstreamHandlers {
		return {
			onLive: () => {
				this.#live = true;
				this.#startGrace();
			},
			onPayload: (payload) => {
				this.#held.push(payload);
				// The old stream gets the full time for its copy of the first one.
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
		return new RestError("unavailable", "The stream from Upstash had died in silence.");
	}

	#promote(gap: ConnectorError | undefined): void {
		this.#finish();
		this.#handlers.onReplaced(this.#upstream, this.#held, gap);
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
