import type { Redis, Requester } from "@upstash/redis";
import { failure, orAborted, type Rest, RestError } from "./rest.ts";

/** Single commands: `@upstash/redis` makes them, and `Rest` carries them. */
export class Commands {
	readonly #rest: Rest;
	readonly #timeout: number;
	readonly #underWay = new Set<Promise<unknown>>();
	#redis: Redis | undefined;

	/** @param timeout of one command, in ms. */
	constructor(rest: Rest, timeout: number) {
		this.#rest = rest;
		this.#timeout = timeout;
	}

	/**
	 * PUBLISH, one billed command, never repeated.
	 *
	 * @throws {ConnectorError} after which, unless it is `refused`, nobody knows whether the message went out:
	 *   the answer may be all that was lost.
	 */
	async publish(channel: string, payload: string): Promise<number> {
		const redis = await this.#load();
		// The SDK puts a string into the request as it is, and a count comes out as one: neither of its
		// conversions (to JSON, from JSON) touches a publish. No pipelining either: it is the business of
		// the transport that is not used here.
		const receivers: unknown = await redis.publish(channel, payload);
		if (typeof receivers === "number") return receivers;
		throw new RestError("unavailable", "Upstash answered PUBLISH without a count of receivers.");
	}

	/**
	 * Any other command, without the SDK, which would take a payload that looks like JSON for JSON.
	 *
	 * @throws {ConnectorError} as `publish` does.
	 */
	async run(args: readonly string[]): Promise<unknown> {
		const answer = await this.#requester.request<unknown>({ body: args });
		return answer.result;
	}

	/** Resolves when nothing is under way any more. */
	async idle(): Promise<void> {
		await Promise.allSettled(this.#underWay);
	}

	/**
	 * The SDK, loaded with the first command, over a transport of ours. Its own (1.39) repeats a request up to
	 * five times after a network error, and once with `retry: false`, so that a message could go out twice;
	 * it does not tell a 401 from a 503; it puts the whole command, payload and all, into its errors; and
	 * it adds telemetry headers.
	 */
	async #load(): Promise<Redis> {
		// The client is kept and not the promise of it: on Workers, a request must not await another's.
		if (this.#redis === undefined) {
			const { Redis } = await import("@upstash/redis");
			this.#redis ??= new Redis(this.#requester);
		}
		return this.#redis;
	}

	readonly #requester: Requester = {
		request: async <T>({ body }: { body?: unknown }) => {
			const sending = this.#send(JSON.stringify(body));
			this.#underWay.add(sending);
			try {
				// The SDK takes a missing result for a mistake of its caller.
				return { result: ((await sending)?.result ?? null) as T };
			} finally {
				this.#underWay.delete(sending);
			}
		},
	};

	async #send(command: string): Promise<{ result?: unknown } | null> {
		const abort = new AbortController();
		// Withdraws the command too, if it has not left yet.
		const timer = setTimeout(() => {
			const message = `Upstash did not answer within ${this.#timeout} ms.`;
			abort.abort(new RestError("unavailable", message));
		}, this.#timeout);
		try {
			const response = await this.#rest.post("/", "application/json", abort.signal, command);
			const answer: Promise<unknown> = response.json();
			return (await orAborted(answer, abort.signal)) as { result?: unknown } | null;
		} catch (cause) {
			throw failure("The answer from Upstash broke off.", cause, abort.signal);
		} finally {
			clearTimeout(timer);
		}
	}
}
