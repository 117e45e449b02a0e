import {
	type HistoryLimits,
	type LimitsOf,
	limitsByChannel,
} from "../connectors/shared/history-limits.ts";
import { type ChannelBatch, PublishQueue, slack } from "../connectors/shared/publish-queue.ts";
import { ServerClock } from "../connectors/shared/server-clock.ts";
import { assertWellFormed } from "../connectors/shared/well-formed.ts";
import type {
	HistoryOptions,
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	SendOptions,
} from "../core/connector.ts";
import { ConnectorError, closedError } from "../core/errors.ts";
import { PerRequest } from "../core/request-mark.ts";
import { errorOf, outcomeFrom, type Reply, type ToldOutcome, type TooLate } from "./protocol.ts";

/** The part of a Durable Object's stub that publishing uses: `SseChannel`, seen from a Worker. */
export interface PublishingStub {
	publish(
		channel: string,
		payload: string,
		history?: HistoryLimits,
		options?: SendOptions & { until?: number },
	): Promise<Reply<PublishResult> | TooLate>;
	publishAll(
		channel: string,
		messages: readonly OutgoingMessage[],
		history?: HistoryLimits,
		until?: number,
	): Promise<Reply<{ outcomes: ToldOutcome[] }> | TooLate>;
}

/** The binding of `SseChannel` in a Worker's env. */
export interface ChannelNamespace {
	/** The id of the object for a channel. */
	idFromName(name: string): unknown;
	/** The stub of an object. */
	get(id: never): unknown;
}

/**
 * The publishing half of the connector. One request to the channel's object carries everything
 * gathered meanwhile.
 */
export class ObjectPublishing {
	readonly scope = "request";
	readonly limitsOf: LimitsOf | undefined;
	readonly #namespace: ChannelNamespace;
	readonly #timeout: number;
	readonly #queues: PerRequest<PublishQueue>;
	readonly #clock: ServerClock;
	#closed = false;

	/** @throws {TypeError} that names what is missing, or the option and its rule. */
	constructor(
		namespace: ChannelNamespace,
		{ timeout = 3_000, history }: { timeout?: number; history?: HistoryOptions | undefined },
	) {
		if (typeof namespace?.idFromName !== "function") {
			throw new TypeError(
				"durableObject(namespace): needs the binding of SseChannel, as env.SSE. " +
					'In wrangler.toml: durable_objects.bindings = [{ name = "SSE", class_name = "SseChannel" }].',
			);
		}
		if (!(timeout > 0)) throw new TypeError("timeout: must be a number of milliseconds above 0.");
		this.#namespace = namespace;
		this.#timeout = timeout;
		this.#clock = new ServerClock(timeout);
		this.limitsOf = history && limitsByChannel(history);
		const transport = {
			timeout,
			together: false,
			owner: "durableObject()",
			send: (_: readonly string[], take: () => readonly ChannelBatch[]) => this.#send(take()),
			late: () => this.#late(),
		};
		this.#queues = new PerRequest("request", () => new PublishQueue(transport), timeout + slack);
	}

	/** Present when messages are kept. */
	get history(): unknown {
		return this.limitsOf;
	}

	async publish(
		channel: string,
		payload: string,
		options: SendOptions = {},
	): Promise<PublishResult> {
		this.check(channel);
		assertWellFormed("payload", payload);
		return this.#queues.get().publish({ ...options, channel, payload });
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		this.check(...messages.map(({ channel }) => channel));
		for (const { payload } of messages) assertWellFormed("payload", payload);
		return this.#queues.get().publishAll(messages);
	}

	/** Asks a channel's object. */
	async ask<T extends object>(
		channel: string,
		call: (stub: never) => Promise<Reply<T>>,
	): Promise<T> {
		this.check(channel);
		const reply = await this.inTime(() => call(this.stub(channel)));
		if ("failure" in reply) throw errorOf(reply.failure);
		return reply;
	}

	stub(channel: string): never {
		const id = this.#namespace.idFromName(channel);
		// A new stub each time: a stub whose object broke once stays broken.
		return this.#namespace.get(id as never) as never;
	}

	async inTime<T>(call: () => Promise<T>): Promise<T> {
		let timer: ReturnType<typeof setTimeout> | undefined;
		const late = new Promise<never>((_, reject) => {
			timer = setTimeout(() => reject(this.#late()), this.#timeout);
		});
		try {
			return await Promise.race([call(), late]);
		} catch (cause) {
			if (cause instanceof ConnectorError) throw cause;
			// Reset, overloaded or unreachable. The cause is the platform's error, or the object's own.
			throw new ConnectorError("unavailable", "The channel's object failed.", { cause });
		} finally {
			clearTimeout(timer);
		}
	}

	check(...channels: string[]): void {
		if (this.#closed) throw closedError("durable-object connector");
		for (const channel of channels) assertWellFormed("channel", channel);
	}

	close(): void {
		this.#closed = true;
	}

	async #send([batch]: readonly ChannelBatch[]): Promise<PublishOutcome[]> {
		if (batch === undefined) return [];
		const { channel, messages } = batch;
		const limits = this.limitsOf?.(channel);
		const [only, ...others] = messages;
		if (only !== undefined && others.length === 0) {
			const { payload, keep, key } = only;
			return [
				outcomeFrom(
					await this.#inOrder(channel, (stub, until) =>
						stub.publish(channel, payload, limits, { keep, key, until }),
					),
				),
			];
		}
		const { outcomes } = await this.#inOrder(channel, (stub, until) =>
			stub.publishAll(channel, messages, limits, until),
		);
		return messages.map((_, index) => outcomeFrom(outcomes[index]));
	}

	/** A publish that is given up is not carried out later, behind newer ones. */
	async #inOrder<T extends object>(
		channel: string,
		publish: (stub: PublishingStub, until: number) => Promise<Reply<T> | TooLate>,
	): Promise<T> {
		for (let attempt = 1; attempt <= 2; attempt++) {
			const until = this.#clock.at(performance.now() + this.#timeout);
			const reply = await this.ask<T | TooLate>(channel, (stub: PublishingStub) =>
				publish(stub, until),
			);
			if (!("late" in reply)) return reply;
			// Nothing was done. It came in time, so the object's clock is ahead of our estimate of it.
			this.#clock.correct(reply.late, performance.now());
		}
		throw this.#late();
	}

	#late(): ConnectorError {
		return new ConnectorError(
			"unavailable",
			`The channel's object did not answer within ${this.#timeout} ms.`,
		);
	}
}
