import type { Subscription, SubscriptionHandlers } from "../../core/connector.ts";
import { type ConnectorError, closedError } from "../../core/errors.ts";
import { callHandler } from "../shared/handlers.ts";
import { Renewal, type Supervision } from "./renewal.ts";
import { requestFor, type SubscribeRequest } from "./reply-parser.ts";
import { RestError } from "./rest.ts";
import { retryAfterOf } from "./retry-after.ts";
import { Upstream, type UpstreamHandlers } from "./stream.ts";

/** The first try after a loss comes within this, in ms; each further one within twice as much. */
const firstBackoff = 100;

/** How long to wait, in ms, while another subscription is renewed, and after it was. */
const turnPause = 200;

/** The longest that a timer can be set to, in ms. */
const longestTimer = 2_147_483_647;

/**
 * One subscription, kept alive over as many requests as it takes.
 *
 * A request that ends is followed by another, after a pause. One that says nothing for long is
 * renewed (see `Renewal`): a dead connection and a quiet channel look the same from here.
 */
export class SupervisedSubscription implements Subscription {
	readonly #supervision: Supervision;
	readonly #handlers: SubscriptionHandlers;
	readonly #request: SubscribeRequest;
	readonly #onDone: (subscription: SupervisedSubscription) => void;
	#upstream: Upstream;
	#renewal: Renewal | undefined;
	/** Until the next try while the stream is lost; until the next look at its silence otherwise. */
	#timer: ReturnType<typeof setTimeout> | undefined;
	#lastBytes = 0;
	#liveSince = 0;
	/** Tries in a row that brought no lasting stream. */
	#failures = 0;
	#started = false;
	#lost = false;
	#done = false;

	/** @param onDone is called once, when it is over for whatever reason. */
	constructor(
		supervision: Supervision,
		channel: string,
		handlers: SubscriptionHandlers,
		onDone: (subscription: SupervisedSubscription) => void,
	) {
		this.#supervision = supervision;
		this.#handlers = handlers;
		this.#request = requestFor(channel);
		this.#onDone = onDone;
		this.#upstream = this.#newUpstream();
	}

	/** @throws {ConnectorError} when the broker does not confirm; nothing is left behind then. */
	async start(): Promise<void> {
		try {
			await this.#upstream.open(this.#supervision.timeout);
		} catch (error) {
			this.#finish();
			throw error;
		}
		// A handler, called with what came along with the confirmation, may have closed the connector.
		if (this.#done) throw closedError("subscription");
		this.#started = true;
	}

	async unsubscribe(): Promise<void> {
		this.#finish();
	}

	/** The connector closes, or the broker refuses for good. */
	end(error: ConnectorError): void {
		if (this.#done) return;
		this.#finish();
		// Otherwise `start` rejects, and says it all.
		if (this.#started) callHandler(this.#handlers, "onEnd", error);
	}

	#finish(): void {
		if (this.#done) return;
		this.#done = true;
		clearTimeout(this.#timer);
		this.#renewal?.cancel();
		this.#upstream.close();
		this.#onDone(this);
	}

	#newUpstream(): Upstream {
		return new Upstream(this.#supervision.rest, this.#request, this.#upstreamHandlers);
	}

	readonly #upstreamHandlers: UpstreamHandlers = {
		onLive: () => {
			this.#liveSince = Date.now();
			this.#heard();
			this.#watch(this.#supervision.maxSilence);
			this.#restored();
		},
		onPayload: (payload) => this.#deliver(payload),
		onBytes: () => this.#heard(),
		onEnd: (error) => {
			if (this.#renewal?.replace(error) !== true) this.#lose(error);
		},
	};

	/** The stream lives, and whatever was begun because of its silence is off. */
	#heard(): void {
		this.#lastBytes = Date.now();
		this.#renewal?.cancel();
		this.#renewal = undefined;
	}

	// The timer looks back when it fires: to set it anew with every chunk would cost more.
	#watch(wait: number): void {
		if (this.#done || wait > longestTimer) return;
		this.#timer = setTimeout(() => {
			const left = this.#lastBytes + this.#supervision.maxSilence - Date.now();
			if (left > 0) this.#watch(left);
			else if (this.#isOthersTurn()) this.#watch(turnPause);
			else this.#renew();
		}, wait);
	}

	#isOthersTurn(): boolean {
		const { renewing, renewedAt } = this.#supervision;
		return renewing || Math.abs(Date.now() - renewedAt) < turnPause;
	}

	#renew(): void {
		this.#renewal = new Renewal(this.#supervision, this.#request, {
			onReplaced: (upstream, held, gap) => {
				this.#upstream.close();
				this.#upstream = upstream;
				upstream.handTo(this.#upstreamHandlers);
				this.#heard();
				if (gap !== undefined) {
					this.#losing(gap);
					this.#restored();
				} else if (this.#supervision.keepsHistory) {
					// Nothing hints at a loss; but here it can be made sure of.
					callHandler(this.#handlers, "onRestored");
				}
				for (const payload of held) this.#deliver(payload);
			},
			// Silent, and nothing to be had in its place: that is a stream no more.
			onFailed: (error) => (error.code === "refused" ? this.end(error) : this.#lose(error)),
		});
		void this.#renewal.run();
		this.#watch(this.#supervision.maxSilence);
	}

	#lose(error: ConnectorError): void {
		this.#renewal?.cancel();
		this.#renewal = undefined;
		this.#upstream.close();
		clearTimeout(this.#timer);
		// Each request is billed: one that dies at birth, again and again, is not had back at once.
		if (Date.now() - this.#liveSince >= this.#supervision.maxBackoff) this.#failures = 0;
		this.#losing(error);
		this.#tryLater(error);
	}

	#tryLater(error: unknown): void {
		if (this.#done) return;
		const ceiling = Math.min(this.#supervision.maxBackoff, firstBackoff * 2 ** this.#failures);
		this.#failures += 1;
		const wish = retryAfterOf(error);
		this.#timer = setTimeout(() => void this.#reconnect(), wish + Math.random() * ceiling);
	}

	async #reconnect(): Promise<void> {
		this.#upstream = this.#newUpstream();
		try {
			await this.#upstream.open(this.#supervision.timeout);
		} catch (error) {
			if (error instanceof RestError && error.code === "refused") this.end(error);
			else this.#tryLater(error);
		}
	}

	#losing(error: ConnectorError): void {
		if (this.#done) return;
		this.#lost = true;
		callHandler(this.#handlers, "onLost", error);
	}

	#restored(): void {
		if (this.#done || !this.#lost) return;
		this.#lost = false;
		callHandler(this.#handlers, "onRestored");
	}

	#deliver(payload: string): void {
		if (!this.#done) callHandler(this.#handlers, "onMessage", payload);
	}
}
