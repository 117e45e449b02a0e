import { failure } from "../shared/http-failure.ts";
import { slack } from "../shared/publish-queue.ts";
import { orAborted } from "../shared/timeout.ts";
import { UnderWay } from "../shared/under-way.ts";
import { type Rest, RestError } from "./rest.ts";

/**
 * Single commands. Each is one request and one billed command.
 *
 * `@upstash/redis` is not used for them. Its transport (1.39) repeats a request after a network
 * error, even with `retry: false`, so that a message could go out twice. It reads payloads that
 * look like JSON as JSON, and puts them into its errors. It is two thirds of a Worker's bundle.
 * The tests compare with it.
 *
 * @see https://upstash.com/docs/redis/features/restapi
 */
export class Commands {
	readonly #rest: Rest;
	readonly #timeout: number;
	readonly #underWay: UnderWay<Promise<unknown>>;

	/** @param timeout for one command, in ms. */
	constructor(rest: Rest, timeout: number) {
		this.#rest = rest;
		this.#timeout = timeout;
		this.#underWay = new UnderWay(timeout + slack);
	}

	/**
	 * Runs a command, and never repeats it.
	 *
	 * @throws {ConnectorError} Unless it is `refused`, the command may have run: perhaps only the
	 *   answer was lost.
	 */
	async run(args: readonly string[]): Promise<unknown> {
		const sending = this.#send(JSON.stringify(args));
		this.#underWay.add(sending);
		try {
			return this.#rest.decoded((await sending)?.result);
		} finally {
			this.#underWay.delete(sending);
		}
	}

	/** PUBLISH. Resolves to the number of receivers. */
	async publish(channel: string, payload: string): Promise<number> {
		const receivers = await this.run(["PUBLISH", channel, payload]);
		if (typeof receivers === "number") return receivers;
		throw new RestError("unavailable", "Upstash answered PUBLISH without a count of receivers.");
	}

	/** Whether no command is running. */
	get isIdle(): boolean {
		return this.#underWay.all().length === 0;
	}

	/** Resolves when no command is running. */
	async idle(): Promise<void> {
		await Promise.allSettled(this.#underWay.all());
	}

	async #send(command: string): Promise<{ result?: unknown } | null> {
		const abort = new AbortController();
		// It also withdraws the command, if that has not been sent yet.
		const timer = setTimeout(() => {
			const message = `Upstash did not answer within ${this.#timeout} ms.`;
			abort.abort(new RestError("unavailable", message));
		}, this.#timeout);
		try {
			const response = await this.#rest.post("/", "application/json", abort.signal, command);
			return parsed(await orAborted(response.text(), abort.signal));
		} catch (cause) {
			throw failure("The answer from Upstash broke off.", cause, abort.signal);
		} finally {
			clearTimeout(timer);
		}
	}
}

/** Without the parser's error, which quotes the text: a proxy may have put the request into it, with its token. */
function parsed(text: string): { result?: unknown } | null {
	try {
		return JSON.parse(text);
	} catch {
		const way = "Check that the URL is that of the REST API.";
		throw new RestError("unavailable", `The answer from Upstash is no JSON. ${way}`);
	}
}
