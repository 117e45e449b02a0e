import type { ConnectorError } from "../../core/errors.ts";
import { Backoff } from "../shared/backoff.ts";
import { within } from "../shared/timeout.ts";
import type { LinkEvents, RedisDriver, RedisLink } from "./driver.ts";
import { toConnectorError, unanswered } from "./errors.ts";

/** Opens connections while one is wanted, with growing random pauses between attempts. */
export class Dialer {
	readonly #driver: RedisDriver;
	readonly #timeout: number;
	readonly #backoff = new Backoff();
	#skipPause: (() => void) | undefined;

	/** `timeout`: how long one attempt may take, in ms. */
	constructor(driver: RedisDriver, timeout: number) {
		this.#driver = driver;
		this.#timeout = timeout;
	}

	/** Why there is no connection. */
	get lastError(): ConnectorError | undefined {
		return this.#backoff.lastError;
	}

	/**
	 * Resolves to a connection that takes commands, or to undefined when none is wanted any more.
	 * It rejects only when Redis refuses (code `refused`): everything else is tried again.
	 */
	async dial(wanted: () => boolean, events: LinkEvents): Promise<RedisLink | undefined> {
		while (wanted()) {
			await this.#pause();
			if (!wanted()) break;
			try {
				const link = await this.#attempt(events);
				if (wanted()) return link;
				link.destroy();
			} catch (error) {
				const failure = toConnectorError(error, this.#driver.address);
				if (failure.code === "refused") throw failure;
				this.failed(failure);
			}
		}
		return undefined;
	}

	/** A connection was lost or could not be opened. The next attempt waits longer. */
	failed(error: ConnectorError): void {
		this.#backoff.failed(error);
	}

	/**
	 * A connection has proved itself. Being accepted is no proof: a server may hang up right
	 * after.
	 */
	succeeded(): void {
		this.#backoff.succeeded();
	}

	/** Ends a pause at once, so that `wanted` is asked again. */
	wake(): void {
		this.#skipPause?.();
	}

	async #attempt(events: LinkEvents): Promise<RedisLink> {
		const opened: RedisLink[] = [];
		let failed = false;
		const connecting = async () => {
			const link = await this.#driver.open(events, this.#timeout);
			opened.push(link);
			// Finding the address may have used up the time.
			if (failed) link.destroy();
			else await link.connect();
			await this.#driver.check?.(link);
			return link;
		};
		const late = () => unanswered(this.#driver.address, this.#timeout);
		try {
			return await within(connecting(), this.#timeout, late);
		} catch (error) {
			failed = true;
			for (const link of opened) link.destroy();
			throw error;
		}
	}

	async #pause(): Promise<void> {
		const ms = this.#backoff.left;
		if (ms <= 0) return;
		await new Promise<void>((resolve) => {
			const end = () => {
				clearTimeout(timer);
				this.#skipPause = undefined;
				resolve();
			};
			const timer = setTimeout(end, ms);
			this.#skipPause = end;
		});
	}
}
