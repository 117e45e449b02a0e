import type { Make } from "../shared/redis-script.ts";
import { within } from "../shared/timeout.ts";
import { Dialer } from "./dialer.ts";
import type { RedisDriver, RedisLink } from "./driver.ts";
import { closed, isReadOnly, toConnectorError, unanswered, unreachable } from "./errors.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** Publishes over a connection of its own or over the caller's client. */
export interface Publisher {
	/**
	 * Runs a command; resolves to its reply. Rejects with a `ConnectorError`. Commands that are run one after the other
	 * leave in that order.
	 *
	 * @param key the key or channel by which a Cluster finds the node.
	 * @param make its arguments, asked for when it can leave; undefined: nothing leaves.
	 * @param ms how long a connection may take to come, in ms.
	 */
	run(key: string, make: Make, ms: number): Promise<unknown>;
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

	get isConnected(): boolean {
		return this.#link !== undefined;
	}

	async run(_key: string, make: Make, ms: number): Promise<unknown> {
		if (this.#closed) throw closed();
		// No step in between: the order of the calls is the order in which they are written.
		const write = (link: RedisLink) => this.send(link, make, this.#timeout);
		return this.#link === undefined ? this.#linkUp(ms, write) : write(this.#link);
	}

	/** Resolves to the connection. Rejects with a `ConnectorError` when there is none within `ms`. */
	async connected(ms: number): Promise<RedisLink> {
		if (this.#closed) throw closed();
		return this.#link ?? this.#linkUp(ms, (link) => link);
	}

	/** `asking`: has the node serve a slot that is only on its way to it. */
	async send(link: RedisLink, make: Make, ms: number, asking = false): Promise<unknown> {
		const args = make();
		if (args === undefined) return undefined;
		// Written together, so that no other command comes between them.
		const commands = asking ? [["ASKING"], args] : [args];
		try {
			const replies = Promise.all(commands.map((command) => link.command(command)));
			const all = await within(replies, ms, () => {
				const error = unanswered(this.#driver.address, this.#timeout);
				// It owed an answer for too long to be trusted with another command; and what it has
				// not written yet goes down with it.
				this.#drop(link, error);
				return error;
			});
			return all.at(-1);
		} catch (error) {
			if (this.#closed) throw closed();
			// It was the master once: the next connection goes to where the master is now.
			if (isReadOnly(error)) this.#drop(link, error);
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

	#linkUp<R>(ms: number, use: (link: RedisLink) => R | Promise<R>): Promise<R> {
		const up = this.#waiting.wait(
			ms,
			() =>
				this.#dialer.lastError ??
				unreachable(this.#driver.address, `no connection within ${Math.round(ms)} ms`),
			use,
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
			link = await this.#dialer.dial(() => this.#waiting.size > 0, {
				onMessage: ignore,
				onMoved: ignore,
				onLost,
			});
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
