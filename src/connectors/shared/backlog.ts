import type { OutgoingMessage } from "../../core/connector.ts";
import { ConnectorError } from "../../core/errors.ts";

/** The most publishes of one queue without an outcome. */
const mostMessages = 50_000;

/** The largest sum of their payloads and names, in UTF-16 code units. */
const mostSize = 33_554_432;

/** Counts and limits the publishes without an outcome. Each queue has its own. */
export class Backlog {
	readonly #owner: string;
	#messages = 0;
	#size = 0;

	/** @param owner the connector, for the error. */
	constructor(owner: string) {
		this.#owner = owner;
	}

	/** @returns undefined when it was counted; else an error that says why there is no place. */
	enter(size: number): ConnectorError | undefined {
		if (this.#messages >= mostMessages || (this.#messages > 0 && this.#size + size > mostSize)) {
			return new ConnectorError(
				"unavailable",
				`${this.#owner}: ${this.#messages} publishes (${this.#size} characters) wait for the broker, which does not keep up. ` +
					"Await each publish, or publish less.",
			);
		}
		this.#messages++;
		this.#size += size;
		return undefined;
	}

	leave(size: number): void {
		this.#messages--;
		this.#size -= size;
	}
}

export function sizeOf({ channel, payload }: OutgoingMessage): number {
	return channel.length + payload.length;
}
