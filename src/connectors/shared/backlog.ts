import type { OutgoingMessage } from "../../core/connector.ts";
import { ConnectorError } from "../../core/errors.ts";

/** Publishes of one queue without an outcome, at a time. */
const mostMessages = 50_000;

/** Of their payloads and names together, in UTF-16 code units. */
const mostSize = 33_554_432;

/** Counts what has been handed in and has no outcome yet, and bounds it. It goes with its queue. */
export class Backlog {
	readonly #owner: string;
	#messages = 0;
	#size = 0;

	/** @param owner the connector, for the error. */
	constructor(owner: string) {
		this.#owner = owner;
	}

	/** @returns why there is no place for it; undefined when there is, and it has it. */
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
