import type { SubscriptionHandlers } from "../core/connector.ts";
import type { ConnectorError } from "../core/errors.ts";
import { until } from "./wait.ts";

/**
 * Handlers of a subscription that record their calls.
 *
 * @example
 * ```ts
 * import { Recorder } from "edge-sse/testing";
 *
 * const recorder = new Recorder();
 * await connector.subscribe("news", recorder);
 * await connector.publish("news", '{"data":"Hello!"}');
 * await recorder.saw('{"data":"Hello!"}');
 * ```
 */
export class Recorder implements SubscriptionHandlers {
	/** The payloads, in order. */
	readonly messages: string[] = [];
	/** `lost`, `restored`, `end:closed`, in order. */
	readonly events: string[] = [];
	/** The errors of `lost` and `end`, in order. */
	readonly errors: ConnectorError[] = [];
	/**
	 * Records a payload.
	 *
	 * @example
	 * ```ts
	 * recorder.onMessage('{"data":"Hello!"}');
	 * ```
	 */
	readonly onMessage = (payload: string): void => {
		this.messages.push(payload);
	};
	/**
	 * Records a loss.
	 *
	 * @example
	 * ```ts
	 * recorder.onLost(new ConnectorError("unavailable", "The broker is down."));
	 * ```
	 */
	readonly onLost = (error: ConnectorError): void => {
		this.events.push("lost");
		this.errors.push(error);
	};
	/**
	 * Records a restoration.
	 *
	 * @example
	 * ```ts
	 * recorder.onRestored();
	 * ```
	 */
	readonly onRestored = (): void => {
		this.events.push("restored");
	};
	/**
	 * Records the end.
	 *
	 * @example
	 * ```ts
	 * recorder.onEnd(new ConnectorError("closed", "Closed."));
	 * ```
	 */
	readonly onEnd = (error: ConnectorError): void => {
		this.events.push(`end:${error.code}`);
		this.errors.push(error);
	};

	/**
	 * Resolves when this payload has come.
	 *
	 * @example
	 * ```ts
	 * await recorder.saw('{"data":"Hello!"}');
	 * ```
	 *
	 * @throws {Error} (the promise rejects) after 15,000 ms without it.
	 */
	async saw(payload: string): Promise<void> {
		await until(() => this.messages.includes(payload), {
			timeout: 15_000,
			what: `the payload ${payload.slice(0, 60)} (came: ${this.messages.length} messages)`,
		});
	}

	/**
	 * Resolves when this event has been recorded so often.
	 *
	 * @example
	 * ```ts
	 * await recorder.heard("restored");
	 * ```
	 *
	 * @param timeout in ms; 15,000 by default.
	 * @throws {Error} (the promise rejects) when it takes longer than the timeout.
	 */
	async heard(event: string, times = 1, timeout = 15_000): Promise<void> {
		await until(() => this.events.filter((each) => each === event).length >= times, {
			timeout,
			what: `${event}, ${times} times`,
		});
	}
}
