import type { Make } from "../../shared/redis-script.ts";
import { within } from "../../shared/timeout.ts";
import { closed, toConnectorError, unanswered, unconnected, unreachable } from "../errors.ts";
import type { Publisher } from "../publisher.ts";
import { WaitingRoom } from "../waiting-room.ts";

/** What publishing needs from the caller's client. */
export interface OwnedClient {
	/** Host and port for error messages, without credentials. */
	readonly address: string;
	/** `ended`: it connects only if its owner makes it. */
	state(): "ready" | "connecting" | "ended";
	/** What the owner must do when it has `ended`. */
	readonly advice: string;
	/** `signal` withdraws the command if the client has not written it yet and can do so. */
	command(args: readonly string[], signal: AbortSignal): Promise<unknown>;
	/** Returns a function that stops listening. */
	listen(events: { onReady(): void; onError(error: unknown): void }): () => void;
}

/**
 * Publishes over the caller's client. Most clients queue commands while they are off line, and
 * send them at any later time. So the client gets a command only while it is ready.
 */
export class ClientPublisher implements Publisher {
	readonly #client: OwnedClient;
	readonly #timeout: number;
	readonly #waiting = new WaitingRoom<void>();
	#lastError: unknown;
	#stopListening: (() => void) | undefined;
	#closed = false;

	constructor(client: OwnedClient, timeout: number) {
		this.#client = client;
		this.#timeout = timeout;
	}

	async run(_key: string, make: Make, ms: number): Promise<unknown> {
		if (this.#closed) throw closed();
		this.#listen();
		if (this.#client.state() === "ready") return this.#write(make);
		return this.#whenReady(ms, () => this.#write(make));
	}

	async #write(make: Make): Promise<unknown> {
		const args = make();
		if (args === undefined) return undefined;
		const abort = new AbortController();
		try {
			return await within(this.#client.command(args, abort.signal), this.#timeout, () => {
				abort.abort();
				return unanswered(this.#client.address, this.#timeout);
			});
		} catch (error) {
			throw toConnectorError(error, this.#client.address);
		}
	}

	/** Stops using the client, and leaves it as it is. */
	close(): void {
		this.#closed = true;
		this.#waiting.dismiss(closed());
		this.#stopListening?.();
		this.#stopListening = undefined;
	}

	#whenReady<R>(ms: number, use: () => Promise<R>): Promise<R> {
		const { address, advice } = this.#client;
		if (this.#client.state() === "ended") throw unreachable(address, advice, this.#lastError);
		const late = () =>
			this.#lastError === undefined
				? unconnected(address, ms)
				: toConnectorError(this.#lastError, address);
		return this.#waiting.wait(ms, late, use);
	}

	#listen(): void {
		this.#stopListening ??= this.#client.listen({
			onReady: () => {
				this.#lastError = undefined;
				this.#waiting.admit();
			},
			onError: (error) => {
				this.#lastError = error;
				// A refusal does not pass by itself, so nobody should wait for it.
				const failure = toConnectorError(error, this.#client.address);
				if (failure.code === "refused") this.#waiting.dismiss(failure);
			},
		});
	}
}
