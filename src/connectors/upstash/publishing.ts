import type {
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	SendOptions,
} from "../../core/connector.ts";
import { PerRequest } from "../../core/request-mark.ts";
import { Backlog } from "../shared/backlog.ts";
import { type ChannelBatch, PublishQueue } from "../shared/publish-queue.ts";
import { RestError } from "./rest.ts";
import type { UpstashSender } from "./sender.ts";

/** The half of the connector that publishes: what comes while a request is under way is gathered for the next. */
export class UpstashPublishing {
	readonly #sender: UpstashSender;
	readonly #queues: PerRequest<PublishQueue>;

	constructor(sender: UpstashSender, timeout: number, scope: "process" | "request") {
		this.#sender = sender;
		const transport = {
			timeout,
			together: true,
			backlog: new Backlog("upstash()"),
			send: (channels: readonly string[], take: () => readonly ChannelBatch[]) =>
				sender.send(channels, take),
			late: () => new RestError("unavailable", `Upstash did not answer within ${timeout} ms.`),
		};
		this.#queues = new PerRequest(scope, () => new PublishQueue(transport));
	}

	async publish(
		channel: string,
		payload: string,
		options: SendOptions = {},
	): Promise<PublishResult> {
		this.#sender.check(channel, payload);
		return this.#queues.get().publish({ ...options, channel, payload });
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		for (const { channel, payload } of messages) this.#sender.check(channel, payload);
		return this.#queues.get().publishAll(messages);
	}

	/** Waits for the publishes that are under way, which their timeout bounds. */
	async close(): Promise<void> {
		this.#sender.close();
		for (const queue of this.#queues.all()) await queue.idle();
		await this.#sender.idle();
	}
}
