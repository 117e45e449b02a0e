import { closedError } from "../core/errors.ts";
import { type PublishConnector, Publisher } from "../core/publisher.ts";

/**
 * Where messages are published to. `upstash()`, `redis()` and `durableObject()` make one.
 *
 * @example
 * ```ts
 * import { type PublishTarget, publish, upstash } from "edge-sse/publish";
 *
 * const target: PublishTarget = upstash({ history: {} });
 * await publish(target, "Deployed.", { channel: "news" });
 * ```
 */
export class PublishTarget {
	readonly #publisher: Publisher;
	readonly #end: () => Promise<void> | void;
	#closed = false;

	/** @internal */
	constructor(name: string, connector: PublishConnector, end: () => Promise<void> | void) {
		this.#end = end;
		this.#publisher = new Publisher(limits, () => {
			if (this.#closed) throw closedError(name);
			return connector;
		});
	}

	/** @internal */
	get publisher(): Publisher {
		return this.#publisher;
	}

	/**
	 * Ends connections. A script may end without it: no connection keeps the process alive.
	 *
	 * @example
	 * ```ts
	 * import { redis } from "edge-sse/publish";
	 *
	 * const target = redis("redis://localhost:6379");
	 * await target.close();
	 * ```
	 */
	async close(): Promise<void> {
		this.#closed = true;
		await this.#end();
	}
}

/** The defaults of a `ServerSentEvents`. */
const limits = { limits: { messageBytes: 1_048_576 }, channels: {} };
