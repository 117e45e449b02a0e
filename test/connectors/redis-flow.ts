import type { Connector } from "../../src/core/connector.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { until } from "../support/wait.ts";

/** Publishes to a channel without a pause, and reads it at the other end, with history. */
export class Flow {
	readonly #channel: string;
	readonly #writer: ServerSentEvents;
	readonly #reader: ServerSentEvents;
	readonly #history: Connector["history"];
	readonly #stop = new AbortController();
	readonly #work: Promise<unknown>;
	/** What the reader received, in order. */
	readonly seen: { id: string | undefined; data: unknown }[] = [];
	/** The ids that publishes resolved to. */
	readonly published: (string | undefined)[] = [];
	/** Why publishes rejected. */
	readonly refusals: unknown[] = [];
	/** What `onError` of the reader was told. */
	readonly errors: { stage: string; message: string }[] = [];
	#next = 0;
	#pausing = false;
	#idle = false;

	constructor(connect: () => Connector, channel: string) {
		this.#channel = channel;
		const connector = connect();
		this.#history = connector.history;
		this.#reader = new ServerSentEvents({
			connector,
			onError: (error, { stage }) => this.errors.push({ stage, message: String(error) }),
		});
		this.#writer = new ServerSentEvents({ connector: connect() });
		this.#work = Promise.all([this.#write(), this.#read()]);
	}

	/** Resolves when this many more messages have been published and read. */
	async more(count: number): Promise<void> {
		const goal = this.seen.length + count;
		// A Sentinel that gives a failover up retries after twice its failover-timeout: 12 s.
		const arrived = until(() => this.seen.length >= goal, {
			what: `${count} more messages after the first ${this.seen.length}`,
		});
		// Until it ends, `work` can only fail, and then nothing more arrives.
		await Promise.race([arrived, this.#work]);
	}

	/** Nothing is under way, until `goOn`. */
	async pause(): Promise<void> {
		this.#pausing = true;
		await until(() => this.#idle, { what: "the last publish to settle" });
		const last = await this.#history?.head(this.#channel);
		await until(() => this.seen.at(-1)?.id === last, {
			what: `all that was published to arrive (${this.seen.length} did, up to ${this.seen.at(-1)?.id}, of ${this.published.length}, up to ${last})`,
		});
	}

	goOn(): void {
		this.#pausing = false;
	}

	/** The ids that the history holds in the end, in order. */
	async end(): Promise<string[]> {
		await this.pause();
		this.#stop.abort();
		await this.#work;
		const kept: string[] = [];
		for (let after = "0-0", more = true; more; ) {
			const page = await this.#history?.read(this.#channel, after, 500);
			kept.push(
				...(page?.messages.flatMap((message) =>
					message.payload === undefined ? [] : message.id,
				) ?? []),
			);
			after = page?.messages.at(-1)?.id ?? after;
			more = page?.more ?? false;
		}
		await Promise.all([this.#reader.close(), this.#writer.close()]);
		return kept;
	}

	async #write(): Promise<void> {
		while (!this.#stop.signal.aborted) {
			this.#idle = this.#pausing;
			if (this.#idle) {
				await new Promise((resolve) => setImmediate(resolve));
				continue;
			}
			try {
				const { id } = await this.#writer.publish(this.#next++, { channel: this.#channel });
				this.published.push(id);
			} catch (error) {
				this.refusals.push(error);
			}
		}
	}

	async #read(): Promise<void> {
		const { signal } = this.#stop;
		const messages = this.#reader.messages(this.#channel, { signal, lastEventId: "0" });
		for await (const { id, data } of messages) this.seen.push({ id, data });
	}
}
