import { type ClientRequest, get, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { parseCursor } from "../../src/core/history/cursor.ts";
import { isAfter, isEmpty } from "../../src/core/message/position.ts";
import type { ClientKind, Crowd, Seen, Visit } from "./crowd.ts";
import type { Entry } from "./ledger.ts";
import type { Random } from "./random.ts";
import { channelsOf, keyOf, noise } from "./text.ts";

/**
 * A browser's EventSource, as far as resuming goes. The cursor is the last id that a whole block carried, with
 * or without data, and is sent back on the next connection. Its connection is cut again and again, between two
 * blocks or in the middle of one.
 */
export class Client {
	readonly channels: readonly string[];
	readonly seen = new Map<string, Seen[]>();
	readonly problems: string[] = [];
	/** Where it began, by channel. */
	start: ReadonlyMap<string, string | undefined> | undefined;
	readonly #kind: ClientKind;
	/** Messages on this connection that are not stored. */
	readonly #heard = new Set<string>();
	readonly #crowd: Crowd;
	readonly #random: Random;
	#cursor: string | undefined;
	/** The cursor before the last block. */
	#before: string | undefined;
	#visit: Visit = { hub: "", began: 0, cursor: undefined };
	#request: ClientRequest | undefined;
	/** It gets a part of the next chunk, and nothing after it. */
	#cutShort = false;
	#left = false;

	constructor(
		channels: readonly string[],
		crowd: Crowd,
		random: Random,
		{ kind, fromTheStart }: { kind: ClientKind; fromTheStart: boolean },
	) {
		this.channels = channels;
		this.#crowd = crowd;
		this.#random = random;
		this.#kind = kind;
		for (const channel of channels) this.seen.set(channel, []);
		if (fromTheStart) this.#startAt("0");
	}

	/** Comes back again and again, until it leaves. */
	async run(): Promise<void> {
		await delay(this.#random.between(0, 1_000));
		while (!this.#left) {
			const hub = this.#crowd.hub(this.#random);
			if (hub !== undefined) await this.#connect(hub);
			const { calm, absence } = this.#crowd;
			const away = this.#random.chance(0.1) ? absence : 300;
			await delay(this.#random.between(0, calm ? 50 : away));
		}
	}

	leave(): void {
		this.#left = true;
		this.#request?.destroy();
	}

	#connect(hub: string): Promise<void> {
		const { counts } = this.#crowd;
		const query = new URLSearchParams(this.channels.map((channel) => ["channel", channel]));
		const headers: Record<string, string> = { accept: "text/event-stream" };
		if (this.#cursor !== undefined) {
			counts.resumes++;
			if (this.#random.chance(0.2)) query.set("lastEventId", this.#cursor);
			else headers["last-event-id"] = this.#cursor;
		}
		counts.connections++;
		this.#visit = { hub, began: Date.now(), cursor: this.#cursor };
		return new Promise((resolve) => {
			const request = get(`${hub}/stream?${query}`, { agent: false, headers });
			this.#request = request;
			const stop = this.#scheduleCut(request);
			request.on("response", (response) => {
				if (response.statusCode !== 200) this.problems.push(`was answered ${response.statusCode}`);
				this.#read(request, response);
			});
			// Its own cut, or the hub's end: it comes back either way.
			request.on("error", () => undefined);
			request.on("close", () => {
				stop();
				resolve();
			});
		});
	}

	/** @returns a function that cancels it. */
	#scheduleCut(request: ClientRequest): () => void {
		const { counts, patience } = this.#crowd;
		// A slow client must be connected while it is slow.
		const mean = this.#kind === "slow" ? patience * 4 : patience;
		const life = -Math.log(1 - this.#random.next()) * mean;
		const cut = setTimeout(() => {
			if (this.#crowd.calm || this.#kind === "steady") return;
			counts.cuts++;
			if (this.#random.chance(0.5)) this.#cutShort = true;
			else request.socket?.resetAndDestroy();
		}, life);
		return () => {
			clearTimeout(cut);
			this.#cutShort = false;
		};
	}

	#read(request: ClientRequest, response: IncomingMessage): void {
		const { counts } = this.#crowd;
		const decoder = new TextDecoder();
		this.#heard.clear();
		const parser = createParser({
			onId: (id) => this.#moved(id),
			onEvent: (event) => this.#received(event),
		});
		let deaf = false;
		response.on("data", (chunk: Buffer) => {
			if (deaf || this.#left) return;
			if (this.#cutShort) {
				deaf = true;
				counts.midFrame++;
				const part = chunk.subarray(0, this.#random.below(chunk.length));
				parser.feed(decoder.decode(part, { stream: true }));
				request.socket?.resetAndDestroy();
			} else {
				parser.feed(decoder.decode(chunk, { stream: true }));
			}
		});
		// The end of the connection is handled with that of the request.
		response.on("error", () => undefined);
		if (this.#kind === "slow") this.#readSlowly(response);
	}

	#readSlowly(response: IncomingMessage): void {
		const look = setInterval(() => {
			if (this.#crowd.burst && !this.#crowd.calm) response.pause();
			else response.resume();
		}, 20);
		response.on("close", () => clearInterval(look));
	}

	#moved(id: string): void {
		if (this.#cursor === undefined) this.#startAt(id);
		if (id !== this.#cursor) this.#before = this.#cursor;
		this.#cursor = id;
	}

	#startAt(cursor: string): void {
		this.#cursor = cursor;
		const positions = parseCursor(this.channels, cursor);
		this.start = new Map(this.channels.map((channel, index) => [channel, positions[index]]));
	}

	#received({ event, id, data }: EventSourceMessage): void {
		const { counts } = this.#crowd;
		const at = Date.now();
		if (event === "sse.gap") {
			counts.gaps++;
			const { channel, lastEventId } = JSON.parse(data) as {
				channel: string;
				lastEventId?: string;
			};
			this.seen.get(channel)?.push({ gap: lastEventId, at, visit: this.#visit });
			return;
		}
		if (data.startsWith(noise)) {
			if (id !== undefined) this.problems.push(`was sent ${data} with the id ${id}`);
			// Another hub may send it later, and so twice: it is not stored.
			if (this.#heard.has(data)) this.problems.push(`was sent ${data} twice`);
			this.#heard.add(data);
			return;
		}
		const key = keyOf(data);
		if (key === undefined) {
			this.problems.push(`was sent what nobody published: ${JSON.stringify(data.slice(0, 80))}`);
			return;
		}
		counts.deliveries++;
		const channel = this.#channelOf(key, id);
		const list = this.seen.get(channel);
		const position = id === undefined ? undefined : this.#positionIn(channel, id);
		if (list === undefined) this.problems.push(`was sent ${key}, which it did not ask for`);
		else if (position === undefined) this.problems.push(`was sent ${key} with the id ${id}`);
		else {
			const entry = this.#crowd.ledger.witnessed(channel, key, position);
			list.push({ entry, at, visit: this.#visit });
		}
	}

	/** Of a message to several channels: the one whose position has moved. */
	#channelOf(key: string, cursor = ""): string {
		const [first = "", ...others] = channelsOf(key).filter((name) => this.channels.includes(name));
		if (others.length === 0) return first;
		// A channel that stays empty is given a newer empty position now and then, which no message has.
		const hasMoved = (name: string) => {
			const position = this.#positionIn(name, cursor);
			if (position === undefined || isEmpty(position)) return false;
			return position !== this.#positionIn(name, this.#before ?? "");
		};
		return [first, ...others].find(hasMoved) ?? first;
	}

	#positionIn(channel: string, cursor: string): string | undefined {
		return parseCursor(this.channels, cursor)[this.channels.indexOf(channel)];
	}

	/** Whether it has had the last message of every channel, or need not get one. */
	hasCome(last: ReadonlyMap<string, Entry>): boolean {
		return this.channels.every((channel) => {
			const entry = last.get(channel);
			if (entry?.id === undefined) return false;
			const newest = this.seen.get(channel)?.at(-1);
			// A publish that was given up may have been carried out after it.
			const position = newest !== undefined && "entry" in newest ? newest.entry.id : undefined;
			if (position !== undefined && !isAfter(entry.id, position)) return true;
			// A client that was cut off each time before it had begun begins after it.
			const start = this.start?.get(channel);
			return start !== undefined && !isAfter(entry.id, start);
		});
	}
}
