import type { SubscriptionHandlers } from "../../core/connector.ts";
import type { ConnectorError } from "../../core/errors.ts";
import { OwnSubscription } from "./own-subscription.ts";
import { Renewal, type Supervision } from "./renewal.ts";
import { requestFor, type SubscribeRequest } from "./reply-parser.ts";
import { RestError } from "./rest.ts";
import { pauseAfter } from "./retry-after.ts";
import { SubscribeStream, type SubscribeStreamHandlers } from "./stream.ts";

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
export class SupervisedSubscription extends OwnSubscription {
	readonly #supervision: Supervision;
	readonly #request: SubscribeRequest;
	#stream: SubscribeStream;
	#renewal: Renewal | undefined;
	/** Runs the next attempt while the stream is lost, otherwise the next check for silence. */
	#timer: ReturnType<typeof setTimeout> | undefined;
	#lastBytes = 0;
	#liveSince = 0;
	/** Consecutive attempts that brought no lasting stream. */
	#failures = 0;

	constructor(
		supervision: Supervision,
		channel: string,
		handlers: SubscriptionHandlers,
		onDone: (subscription: OwnSubscription) => void,
	) {
		super(handlers, onDone);
		this.#supervision = supervision;
		this.#request = requestFor(channel);
		this.#stream = this.#newStream();
	}

	protected open(): Promise<void> {
		return this.#stream.open(this.#supervision.timeout);
	}

	protected release(): void {
		clearTimeout(this.#timer);
		this.#renewal?.cancel();
		this.#stream.close();
	}

	#newStream(): SubscribeStream {
		return new SubscribeStream(this.#supervision.rest, this.#request, this.#streamHandlers);
	}

	readonly #streamHandlers: SubscribeStreamHandlers = {
		onLive: () => {
			this.#liveSince = Date.now();
			this.#heard();
			this.#watch(this.#supervision.maxSilence);
			this.#restored();
		},
		onPayload: (payload) => this.tell("onMessage", payload),
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
		if (this.done || wait > longestTimer) return;
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
			onReplaced: (stream, held, gap) => {
				this.#stream.close();
				this.#stream = stream;
				stream.handTo(this.#streamHandlers);
				this.#heard();
				if (gap !== undefined) {
					this.tellLost(gap);
					this.#restored();
				} else if (this.#supervision.keepsHistory) {
					// Nothing suggests a loss, but with history it can be ruled out.
					this.tell("onRestored");
				}
				for (const payload of held) this.tell("onMessage", payload);
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
		this.#stream.close();
		clearTimeout(this.#timer);
		// Each request is billed, so a stream that keeps ending at once is not reopened at once.
		if (Date.now() - this.#liveSince >= this.#supervision.maxBackoff) this.#failures = 0;
		this.tellLost(error);
		this.#tryLater(error);
	}

	#tryLater(error: unknown): void {
		if (this.done) return;
		const pause = pauseAfter(error, this.#failures, this.#supervision.maxBackoff);
		this.#failures += 1;
		this.#timer = setTimeout(() => void this.#reconnect(), pause);
	}

	async #reconnect(): Promise<void> {
		this.#stream = this.#newStream();
		try {
			await this.#stream.open(this.#supervision.timeout);
		} catch (error) {
			if (error instanceof RestError && error.code === "refused") this.end(error);
			else this.#tryLater(error);
		}
	}

	#restored(): void {
		if (this.lost) this.tellRestored();
	}
}
