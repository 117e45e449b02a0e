import type {
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	SendOptions,
} from "../../core/connector.ts";
import { ConnectorError } from "../../core/errors.ts";
import type { PublishConnector } from "../../core/publisher.ts";
import type { UpstashSender } from "./sender.ts";

/**
 * Publishing for a function. Each call is one request, sent after the answer to the one before.
 */
export class UpstashTarget implements PublishConnector {
	readonly scope: "process" | "request";
	readonly history: unknown;
	readonly #sender: UpstashSender;
	#last: Promise<unknown> = Promise.resolve();

	constructor(sender: UpstashSender, scope: "process" | "request") {
		this.#sender = sender;
		this.scope = scope;
		this.history = sender.store;
	}

	async publish(channel: string, payload: string, options?: SendOptions): Promise<PublishResult> {
		const [outcome] = await this.#send([{ ...options, channel, payload }]);
		if (outcome === undefined || outcome.error !== undefined) throw outcome?.error;
		return outcome;
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		try {
			return await this.#send(messages);
		} catch (error) {
			if (!(error instanceof ConnectorError)) throw error;
			return messages.map(() => ({ error }));
		}
	}

	async #send(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		for (const { channel, payload } of messages) this.#sender.check(channel, payload);
		const channels = [...new Set(messages.map(({ channel }) => channel))];
		const batches = channels.map((channel) => ({
			channel,
			messages: messages.filter((each) => each.channel === channel),
		}));
		const send = () => this.#sender.send(channels, () => batches);
		// On Workers a request must not wait for another's I/O, and nothing here tells them apart.
		const sending = this.scope === "request" ? send() : this.#last.then(send);
		this.#last = sending.catch(() => undefined);
		const sent = await sending;
		// In the order in which they were sent: channel by channel.
		const inOrder = batches.flatMap((batch) => batch.messages);
		const outcomes = new Map(inOrder.map((message, index) => [message, sent[index]]));
		return messages.flatMap((message) => outcomes.get(message) ?? []);
	}
}
