import type { SubscriptionHandlers } from "../core/connector.ts";
import type { ConnectorError } from "../core/errors.ts";
import { until } from "./wait.ts";

/** Handlers that keep what they hear. */
export class Recorder implements SubscriptionHandlers {
	readonly messages: string[] = [];
	/** `lost`, `restored`, `end:closed`, in order. */
	readonly events: string[] = [];
	readonly errors: ConnectorError[] = [];
	readonly onMessage = (payload: string): void => {
		this.messages.push(payload);
	};
	readonly onLost = (error: ConnectorError): void => {
		this.events.push("lost");
		this.errors.push(error);
	};
	readonly onRestored = (): void => {
		this.events.push("restored");
	};
	readonly onEnd = (error: ConnectorError): void => {
		this.events.push(`end:${error.code}`);
		this.errors.push(error);
	};

	/** Resolves when the payload has come. */
	async saw(payload: string): Promise<void> {
		await until(() => this.messages.includes(payload), {
			what: `the payload ${payload.slice(0, 60)} (came: ${this.messages.length} messages)`,
		});
	}

	async heard(event: string, times = 1, timeout = 15_000): Promise<void> {
		await until(() => this.events.filter((each) => each === event).length >= times, {
			timeout,
			what: `${event}, ${times} times`,
		});
	}
}
