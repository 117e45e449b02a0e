import type { SubscriptionHandlers } from "../../../core/connector.ts";
import { PerRequest } from "../../../core/request-mark.ts";
import type { Fallback, FallbackHost } from "../fallback.ts";
import type { OwnSubscription } from "../own-subscription.ts";
import type { Supervision } from "../renewal.ts";
import { StreamGate } from "./gate.ts";
import { Poller, type Times } from "./poller.ts";
import { PollingSubscription } from "./subscription.ts";

/** What the polled channels of one connector share. */
export class PollingFallback implements Fallback {
	readonly #host: FallbackHost;
	readonly #times: Times;
	readonly #gate: StreamGate;
	readonly #pollers: PerRequest<Poller>;

	constructor(host: FallbackHost, times: Times) {
		this.#host = host;
		this.#times = times;
		this.#gate = new StreamGate(times.streamRetry);
		const { run, supervision, scope } = host;
		const settings = { run, maxBackoff: supervision.maxBackoff, times, gate: this.#gate };
		// On Workers one request must not wait for another's I/O.
		this.#pollers = new PerRequest(scope, () => new Poller(settings));
	}

	get isUsed(): boolean {
		return this.#pollers.all().some((poller) => !poller.isIdle);
	}

	subscription(
		supervision: Supervision,
		channel: string,
		handlers: SubscriptionHandlers,
		onDone: (subscription: OwnSubscription) => void,
	): OwnSubscription {
		const { history, store } = this.#host;
		const { interval, maxInterval } = this.#times;
		return new PollingSubscription(
			{
				supervision,
				history,
				store,
				gate: this.#gate,
				poller: this.#pollers.get(),
				pace: `every ${interval} to ${maxInterval} ms`,
			},
			channel,
			handlers,
			onDone,
		);
	}
}
