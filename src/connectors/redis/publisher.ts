import type { Make } from "../shared/redis-script.ts";
import { within } from "../shared/timeout.ts";
import { Dialer } from "./dialer.ts";
import type { RedisDriver, RedisLink } from "./driver.ts";
import { closed, isReadOnly, toConnectorError, unanswered, unconnected } from "./errors.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** Publishes over its own connection or over the caller's client. */
export interface Publisher {
	/**
	 * Runs a command and resolves to its reply. Commands are sent in the order of the calls.
	 *
	 * @param key the key or channel by which a Cluster finds the node.
	 * @param make returns the arguments when the command can be sent. Undefined: nothing is sent.
	 * @param ms how long to wait for a connection, in ms.
	 * @throws {ConnectorError} (the promise rejects) when it fails.
	 */
	run(key: string, make: Make, ms: number): Promise<unknown>;
	/** Idempotent; never throws. */
	close(): void;
}

/**
 * Publishes over its own connection, which the first publish dials, also after a loss. The
 * connection gets a command only while it is up, so that nothing waits in a queue past its
 * time.
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
		// Without a step in between, commands are written in the order of the calls.
		const write = (link: RedisLink) => this.send(link, make, this.#timeout);
		return this.#link === undefined ? this.#linkUp(ms, write) : write(this.#link);
	}

	/**
	 * Resolves to the connection. Rejects with a `ConnectorError` when there is none within `ms`.
	 */
	async connected(ms: number): Promise<RedisLink> {
		if (this.#closed) throw closed();
		return this.#link ?? this.#linkUp(ms, (link) => link);
	}

	/** `asking`: the node serves a slot that is still being moved to it. */
	async send(link: RedisLink, make: Make, ms: number, asking = false): Promise<unknown> {
		const args = make();
		if (args === undefined) return undefined;
		// Written together, so that no other command gets between them.
		const commands = asking ? [["ASKING"], args] : [args];
		try {
			const replies = Promise.all(commands.map((command) => link.command(command)));
			const all = await within(replies, ms, () => {
				const error = unanswered(this.#driver.address, this.#timeout);
				// It owed an answer for too long, so it gets no more commands. Its unwritten commands are
				// dropped with it.
				this.#drop(link, error);
				return error;
			});
			return all.at(-1);
		} catch (error) {
			if (this.#closed) throw closed();
			// It is no master any more. The next connection goes to the current one.
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
			() => this.#dialer.lastError ?? unconnected(this.#driver.address, ms),
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
			// While a publish is running, its timer keeps the process alive. In between, a script may
			// end without closing anything.
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
	// A connection that only publishes receives no messages.
}
