import { type ChannelBatch, PublishQueue, slack } from "../connectors/shared/publish-queue.ts";
import type {
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	SendOptions,
} from "../core/connector.ts";
import { ConnectorError, type ConnectorErrorCode, closedError } from "../core/errors.ts";
import { PerRequest } from "../core/request-mark.ts";
import { late } from "./requests.ts";
import type { Ask } from "./store.ts";

/** What the hub answers for each message. */
type Told = PublishResult | { error: { code: ConnectorErrorCode; message: string } };

/** Publishes through the hub above, in the order of the calls. */
export class RelayPublishing {
	readonly #ask: Ask;
	readonly #queues: PerRequest<PublishQueue>;

	constructor(ask: Ask, timeout: number, scope: "process" | "request") {
		this.#ask = ask;
		const transport = {
			timeout,
			together: true,
			owner: "relay()",
			send: (_: readonly string[], take: () => readonly ChannelBatch[]) => this.#send(take),
			late: () => late(timeout),
		};
		this.#queues = new PerRequest(scope, () => new PublishQueue(transport), timeout + slack);
	}

	publish(channel: string, payload: string, options: SendOptions = {}): Promise<PublishResult> {
		return this.#queues.get().publish({ ...options, channel, payload });
	}

	publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		return this.#queues.get().publishAll(messages);
	}

	async close(): Promise<void> {
		for (const queue of this.#queues.all()) queue.close(closedError("relay"));
	}

	async #send(take: () => readonly ChannelBatch[]): Promise<PublishOutcome[]> {
		const messages = take().flatMap((batch) => batch.messages);
		if (messages.length === 0) return [];
		const { outcomes } = (await this.#ask({ op: "publish", messages })) as { outcomes: Told[] };
		return outcomes.map((outcome) => {
			if (!("error" in outcome)) return outcome;
			const { code, message } = outcome.error;
			return { error: new ConnectorError(code, message) };
		});
	}
}
