import type {
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	SendOptions,
} from "../../core/connector.ts";
import { PerRequest } from "../../core/request-mark.ts";
import { type ChannelBatch, PublishQueue, slack } from "../shared/publish-queue.ts";
import { RestError } from "./rest.ts";
import type { UpstashSender } from "./sender.ts";

/** A timer with a longer delay fires at once. */
const longestTimer = 2_147_483_647;

/**
 * The publishing half of the connector. It gathers messages for the next request while one is
 * running.
 */
export class UpstashPublishing {
	readonly #sender: UpstashSender;
	readonly #timeout: number;
	readonly #queues: PerRequest<PublishQueue>;

	constructor(sender: UpstashSender, timeout: number, scope: "process" | "request") {
		this.#sender = sender;
		this.#timeout = timeout;
		const transport = {
			timeout,
			together: true,
			owner: "upstash()",
			send: (channels: readonly string[], take: () => readonly ChannelBatch[]) =>
				sender.send(channels, take),
			late: () => new RestError("unavailable", `Upstash did not answer within ${timeout} ms.`),
		};
		this.#queues = new PerRequest(scope, () => new PublishQueue(transport), timeout + slack);
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

	/** Waits for running publishes, which their timeout bounds. */
	async close(): Promise<void> {
		this.#sender.close();
		const queues = this.#queues.all();
		if (queues.every((queue) => queue.isIdle) && this.#sender.isIdle) return;
		let timer: ReturnType<typeof setTimeout> | undefined;
		// On Workers, the publishes of an ended request have lost their timers.
		const late = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, Math.min(2 * (this.#timeout + slack), longestTimer));
		});
		const idle = Promise.all(queues.map((queue) => queue.idle())).then(() => this.#sender.idle());
		await Promise.race([idle, late]);
		clearTimeout(timer);
	}
}
