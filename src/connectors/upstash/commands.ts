import { slack } from "../shared/publish-queue.ts";
import { UnderWay } from "../shared/under-way.ts";
import { failure, orAborted, type Rest, RestError } from "./rest.ts";

/**
 * Single commands, each one request and one billed command.
 *
 * `@upstash/redis` is not used for them: its transport (1.39) repeats a request after a network error, even with
 * `retry: false`, so that a message could go out twice; it takes payloads that look like JSON for JSON, and puts them
 * into its errors; and it is two thirds of a Worker's bundle. The tests hold this against it.
 *
 * @see https://upstash.com/docs/redis/features/restapi
 */
export class Commands {
	readonly #rest: Rest;
	readonly #timeout: number;
	readonly #underWay: UnderWay<Promise<unknown>>;

	/** @param timeout of one command, in ms. */
	constructor(rest: Rest, timeout: number) {
		this.#rest = rest;
		this.#timeout = timeout;
		this.#underWay = new UnderWay(timeout + slack);
	}

	/**
	 * Runs a command, and never repeats it.
	 *
	 * @throws {ConnectorError} after which, unless it is `refused`, nobody knows whether it was run: the answer may be
	 *   all that was lost.
	 */
	async run(args: readonly string[]): Promise<unknown> {
		const sending = this.#send(JSON.stringify(args));
		this.#underWay.add(sending);
		try {
			return (await sending)?.result;
		} finally {
			this.#underWay.delete(sending);
		}
	}

	/** PUBLISH; resolves to the number of receivers. */
	async publish(channel: string, payload: string): Promise<number> {
		const receivers = await this.run(["PUBLISH", channel, payload]);
		if (typeof receivers === "number") return receivers;
		throw new RestError("unavailable", "Upstash answered PUBLISH without a count of receivers.");
	}

	/** Nothing is under way. */
	get isIdle(): boolean {
		return this.#underWay.all().length === 0;
	}

	/** Resolves when nothing is under way any more. */
	async idle(): Promise<void> {
		await Promise.allSettled(this.#underWay.all());
	}

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
