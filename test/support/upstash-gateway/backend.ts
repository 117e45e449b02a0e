import { Redis } from "ioredis";
import { type Asked, HttpError, resultOf } from "./protocol.ts";

/** The gateway's connection to Redis for commands. */
export class Backend {
	/** PUBLISH commands so far. */
	publishes = 0;
	readonly #redis: Redis;

	constructor(url: string) {
		this.#redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => 50 });
		// Every command that fails reports it itself.
		this.#redis.on("error", () => undefined);
	}

	close(): void {
		this.#redis.disconnect();
	}

	/** Carries out a request, and returns its answer. */
	async execute(wish: Exclude<Asked, { channel: string }>, base64: boolean): Promise<unknown> {
		if (wish.kind === "command") return { result: resultOf(await this.#run(wish.command), base64) };
		if (wish.kind === "pipeline") {
			const results: unknown[] = [];
			for (const command of wish.commands) {
				results.push(
					await this.#run(command).then(
						(reply) => ({ result: resultOf(reply, base64) }),
						(error: Error) => ({ error: error.message }),
					),
				);
			}
			return results;
		}
		const transaction = this.#redis.multi();
		for (const [name = "", ...args] of wish.commands) transaction.callBuffer(name, ...args);
		const replies = (await transaction.exec()) ?? [];
		return replies.map(([error, reply]) =>
			error ? { error: error.message } : { result: resultOf(reply, base64) },
		);
	}

	async #run([name = "", ...args]: string[]): Promise<unknown> {
		if (/^p?s?(un)?subscribe$/i.test(name))
			throw new HttpError(400, `ERR ${name} is not available`);
		if (/^publish$/i.test(name)) this.publishes += 1;
		return this.#redis.callBuffer(name, ...args);
	}
}
