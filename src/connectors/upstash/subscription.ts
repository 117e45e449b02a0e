import type { SubscriptionHandlers } from "../../core/connector.ts";
import { type ConnectorError, closedError } from "../../core/errors.ts";
import { callHandler } from "../shared/handlers.ts";
import type { OwnSubscription } from "./fallback.ts";
import { Renewal, type Supervision } from "./renewal.ts";
import { requestFor, type SubscribeRequest } from "./reply-parser.ts";
import { RestError } from "./rest.ts";
import { pauseAfter } from "./retry-after.ts";
import { Upstream, type UpstreamHandlers } from "./stream.ts";

/** How long to wait while another subscription is renewed, and after that, in ms. */
const turnPause = 200;

/** The longest delay of a timer, in ms. */
const longestTimer = 2_147_483_647;

/**
 * One subscription over as many requests as it takes.
 *
 * When a request ends, another follows after a pause. One that is silent for long is renewed
 * (see `Renewal`): from here, a dead connection and a quiet channel look the same.
 */
export class SupervisedSubscription implements OwnSubscription {
	readonly #supervision: Supervision;
	readonly #handlers: SubscriptionHandlers;
	readonly #request: SubscribeRequest;
	readonly #onDone: (subscription: OwnSubscription) => void;
	#upstream: Upstream;
	#renewal: Renewal | undefined;
	/** Runs the next attempt while the stream is lost, otherwise the next check for silence. */
	#timer: ReturnType<typeof setTimeout> | undefined;
	#lastBytes = 0;
	#liveSince = 0;
	/** Consecutive attempts that brought no lasting stream. */
	#failures = 0;
	#started = false;
	#lost = false;
	#done = false;

	/** @param onDone called once, when it is over for any reason. */
	constructor(
		supervision: Supervision,
		channel: string,
		handlers: SubscriptionHandlers,
		onDone: (subscription: OwnSubscription) => void,
	) {
		this.#supervision = supervision;
		this.#handlers = handlers;
		this.#request = requestFor(channel);
		this.#onDone = onDone;
		this.#upstream = this.#newUpstream();
	}

	/** @throws {ConnectorError} when the broker does not confirm. Nothing is left behind. */
	async start(): Promise<void> {
		try {
			await this.#upstream.open(this.#supervision.timeout);
		} catch (error) {
			this.#finish();
			throw error;
		}
		// A handler may have closed the connector when it got a message with the confirmation.
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
		// Otherwise `start` rejects with the same error.
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

	/** The stream lives. A renewal because of its silence is cancelled. */
	#heard(): void {
		this.#lastBytes = Date.now();
		this.#renewal?.cancel();
		this.#renewal = undefined;
	}

	// The timer checks the time when it fires: resetting it for every chunk would cost more.
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
					// Nothing suggests a loss, but with history it can be ruled out.
					callHandler(this.#handlers, "onRestored");
				}
				for (const payload of held) this.#deliver(payload);
			},
			// It is silent and cannot be replaced, so it counts as lost.
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
		// Each request is billed, so a stream that keeps ending at once is not reopened at once.
		if (Date.now() - this.#liveSince >= this.#supervision.maxBackoff) this.#failures = 0;
		this.#losing(error);
		this.#tryLater(error);
	}

	#tryLater(error: unknown): void {
		if (this.#done) return;
		const pause = pauseAfter(error, this.#failures, this.#supervision.maxBackoff);
		this.#failures += 1;
		this.#timer = setTimeout(() => void this.#reconnect(), pause);
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
