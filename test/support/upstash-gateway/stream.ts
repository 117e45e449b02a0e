import type { ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Redis } from "ioredis";
import { type Behaviour, eventBytes } from "./behaviour.ts";

const joinWindow = 20;

/** One subscribe request: a Redis connection of its own on one side, an event stream on the other. */
export class EventStream {
	readonly #response: ServerResponse;
	readonly #behaviour: () => Behaviour;
	readonly #redis: Redis;
	#writing: Promise<void> = Promise.resolve();
	#joined: Buffer[] = [];
	#flush: NodeJS.Timeout | undefined;
	#ending: Promise<void> | undefined;
	#muted = false;

	constructor(response: ServerResponse, redis: Redis, behaviour: () => Behaviour) {
		this.#response = response;
		this.#redis = redis;
		this.#behaviour = behaviour;
		response.once("close", () => this.#leave());
		redis.once("end", () => this.#finish());
	}

	/** Subscribes and confirms. Rejects when Redis does. */
	async open(kind: "subscribe" | "psubscribe", channel: string): Promise<void> {
		const early: string[] = [];
		let send = (text: string): void => {
			early.push(text);
		};
		this.#redis.on("message", (name, payload) => send(`message,${name},${payload}`));
		this.#redis.on("pmessage", (pattern, name, payload) =>
			send(`pmessage,${pattern},${name},${payload}`),
		);
		await this.#redis[kind](channel);
		if (this.#response.destroyed) return;
		this.#response.writeHead(200, { "content-type": "text/event-stream" });
		// So that a silent stream has at least its head.
		this.#response.flushHeaders();
		send = (text) => this.#send(text);
		send(`${kind},${channel},1`);
		for (const text of early) send(text);
	}

	/**
	 * Leaves Redis first, so that earlier messages are sent before the end: a PUBLISH that counted this stream
	 * as a receiver has reached the client.
	 */
	end(): Promise<void> {
		// The client may leave meanwhile, and the connection ends with it: that is an end too.
		this.#ending ??= this.#depart().catch(() => undefined);
		return this.#ending;
	}

	async #depart(): Promise<void> {
		// QUIT alone is not enough: until it is carried out Redis counts a receiver that gets nothing.
		const redis = this.#redis;
		await Promise.all([redis.unsubscribe(), redis.punsubscribe(), redis.quit()]);
	}

	/** Swallows every event from now on. */
	mute(): void {
		this.#muted = true;
	}

	/** A comment: bytes that are no event. */
	beat(): void {
		this.#write(Buffer.from(": beat\n\n"), false);
	}

	reset(): void {
		this.#response.socket?.resetAndDestroy();
	}

	#send(text: string): void {
		const behaviour = this.#behaviour();
		if (behaviour.silent || this.#muted) return;
		const bytes = eventBytes(text, behaviour);
		if (behaviour.chunks === "joined") {
			this.#joined.push(bytes);
			this.#flush ??= setTimeout(() => {
				this.#write(Buffer.concat(this.#joined), false);
				this.#joined = [];
				this.#flush = undefined;
			}, joinWindow);
		} else {
			this.#write(bytes, behaviour.chunks === "bytes");
		}
	}

	#write(bytes: Buffer, oneByOne: boolean): void {
		this.#writing = this.#writing.then(async () => {
			if (!oneByOne) {
				this.#response.write(bytes);
				return;
			}
			for (const byte of bytes) {
				this.#response.write(Buffer.of(byte));
				await nextTurn();
			}
		});
	}

	#finish(): void {
		this.#writing = this.#writing.then(() => {
			this.#response.end(Buffer.concat(this.#joined));
		});
	}

	#leave(): void {
		clearTimeout(this.#flush);
		this.#redis.disconnect();
	}
}
