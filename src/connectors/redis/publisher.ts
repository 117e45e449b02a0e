import { Dialer } from "./dialer.ts";
import { closed, toConnectorError, unanswered, unreachable } from "./errors.ts";
import type { RedisDriver, RedisLink } from "./link.ts";
import { WaitingRoom, within } from "./timing.ts";

/** Publishes over a connection of its own or over the caller's client. */
export interface Publisher {
	/** Runs a command; resolves to its reply. Rejects with a `ConnectorError`. */
	run(args: readonly string[]): Promise<unknown>;
	/** Idempotent; never throws. */
	close(): void;
}

/**
 * Publishes over one connection of its own, which is dialled at the first publish and again at the
 * first one after it was lost. A command is given to the connection only while it is up, so that
 * nothing is queued past its time.
 */
export class LinkPublisher implements Publisher {
	readonly #driver: RedisDriver;
	readonly #timeout: number;
	readonly #dialer: Dialer;
	readonly #waiting = new WaitingRoom<RedisLink>();
	#link: RedisLink | undefined;
	#dialling = false;
	#closed = false;

	constructor(driver: RedisDriver, timeout: number) {
		this.#driver = driver;
		this.#timeout = timeout;
		this.#dialer = new Dialer(driver, timeout);
	}

	async run(args: readonly string[]): Promise<unknown> {
		if (this.#closed) throw closed();
		const begun = performance.now();
		const link = this.#link ?? (await this.#linkUp());
		const left = this.#timeout - (performance.now() - begun);
		try {
			return await within(link.command(args), left, () => {
				const error = unanswered(this.#driver.address, this.#timeout);
				// It owed an answer for too long to be trusted with another command; and what it has
				// not written yet goes down with it.
				this.#drop(link, error);
				return error;
			});
		} catch (error) {
			if (this.#closed) throw closed();
			throw toConnectorError(error, this.#driver.address);
		}
	}

	close(): void {
		this.#closed = true;
		this.#link?.destroy();
		this.#link = undefined;
		this.#waiting.dismiss(closed());
		this.#dialer.wake();
	}

	#linkUp(): Promise<RedisLink> {
		const up = this.#waiting.wait(
			this.#timeout,
			() =>
				this.#dialer.lastError ??
				unreachable(this.#driver.address, `no connection within ${this.#timeout} ms`),
		);
		if (!this.#dialling) void this.#dial();
		return up;
	}

	async #dial(): Promise<void> {
		this.#dialling = true;
		let link: RedisLink | undefined;
		const onLost = (error: unknown) => {
			if (link !== undefined) this.#drop(link, error);
		};
		try {
			link = await this.#dialer.dial(() => this.#waiting.size > 0, { onMessage: ignore, onLost });
			if (link === undefined) return;
			this.#dialer.succeeded();
			// While a publish is under way its timer keeps the process alive; in between, a script
			// that has published what it had to may end without closing anything.
			link.keepProcessAlive(false);
			this.#link = link;
			this.#waiting.admit(link);
		} catch (error) {
			this.#waiting.dismiss(error);
		} finally {
			this.#dialling = false;
		}
	}

	#drop(link: RedisLink, error: unknown): void {
		link.destroy();
		if (this.#link !== link) return;
		this.#link = undefined;
		this.#dialer.failed(toConnectorError(error, this.#driver.address));
	}
}

function ignore(): void {
	// A connection that only publishes is sent no messages.
}
