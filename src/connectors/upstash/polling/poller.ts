import { ConnectorError } from "../../../core/errors.ts";
import type { Entry } from "../../shared/redis-entry.ts";
import type { Run } from "../../shared/redis-script.ts";
import { RestError } from "../rest.ts";
import { pauseAfter } from "../retry-after.ts";
import type { PolledChannel } from "./channel.ts";
import type { StreamGate } from "./gate.ts";

/** A subscription that is polled. */
export interface Polled {
	readonly channel: PolledChannel;
	/** Tries a stream instead. Resolves to whether it has one. */
	tryStream(): Promise<boolean>;
	/** The broker refuses for good. */
	end(error: ConnectorError): void;
}

/** In ms. */
export interface Times {
	readonly interval: number;
	readonly maxInterval: number;
	readonly streamRetry: number;
}

interface Settings {
	readonly run: Run;
	readonly maxBackoff: number;
	readonly times: Times;
	readonly gate: StreamGate;
}

/** The most channels that one command reads. */
const width = 250;

/** The most entries that one command reads, and that it reads of one channel. */
const entries = 2_000;
const perChannel = 100;

/** The aim for the size of an answer, in UTF-16 code units: messages may be large. */
const answerTarget = 1_048_576;

/**
 * The broker's time in ms, and the entries of each stream, or its error.
 *
 * KEYS: streams. ARGV: entries per stream, and for each where it begins.
 */
const script = `
local time = redis.call('TIME')
local replies = {string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))}
for i, key in ipairs(KEYS) do
  local reply = redis.pcall('XRANGE', key, ARGV[i + 1], '+', 'COUNT', ARGV[1])
  replies[i + 1] = reply.err or reply
end
return replies`;

/** Reads all polled channels of a process, or of a request, with one command after the other. */
export class Poller {
	readonly #settings: Settings;
	readonly #all = new Set<Polled>();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#polling = false;
	#tryingStreams = false;
	/** The last wait, in ms. */
	#wait: number;
	/** The most entries that the next command reads. */
	#most = entries;
	/** Consecutive rounds that failed. */
	#failures = 0;

	constructor(settings: Settings) {
		this.#settings = settings;
		this.#wait = settings.times.interval;
	}

	get isIdle(): boolean {
		return this.#all.size === 0;
	}

	add(polled: Polled): void {
		this.#all.add(polled);
		if (!this.#polling && this.#timer === undefined) this.#schedule(this.#settings.times.interval);
	}

	delete(polled: Polled): void {
		polled.channel.end();
		this.#all.delete(polled);
		if (this.#all.size > 0) return;
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	#schedule(wait: number): void {
		if (this.isIdle) return;
		this.#wait = wait;
		this.#timer = setTimeout(() => void this.#round(), wait);
	}

	async #round(): Promise<void> {
		this.#timer = undefined;
		this.#polling = true;
		const { times, gate, maxBackoff } = this.#settings;
		const found = await this.#readAll();
		this.#polling = false;
		if (found.error !== undefined) {
			// Jitter only lengthens it: these polls are billed, too.
			this.#failures++;
			const pause = pauseAfter(found.error, this.#failures, maxBackoff);
			return this.#schedule(Math.max(times.interval, pause));
		}
		this.#failures = 0;
		this.#schedule(found.more ? 0 : this.#next(found.fresh > 0));
		if (!(this.isIdle || this.#tryingStreams) && gate.take()) void this.#tryStreams();
	}

	/** While nothing comes, the polls become rarer. */
	#next(busy: boolean): number {
		const { interval, maxInterval } = this.#settings.times;
		if (busy) return interval;
		const kept = [...this.#all].map(({ channel }) => channel.maxAge / 2);
		return Math.max(1, Math.min(maxInterval, Math.max(interval, this.#wait * 1.5), ...kept));
	}

	async #readAll(): Promise<{ fresh: number; more: boolean; error?: ConnectorError }> {
		const round = [...this.#all];
		let fresh = 0;
		let more = false;
		for (let at = 0; at < round.length; at += width) {
			const some = round.slice(at, at + width).filter((each) => this.#all.has(each));
			if (some.length === 0) continue;
			try {
				const page = await this.#read(some);
				fresh += page.fresh;
				more ||= page.more;
			} catch (reason) {
				const error = reason instanceof ConnectorError ? reason : unreadable(reason);
				for (const each of round.slice(at)) {
					if (!this.#all.has(each)) continue;
					if (error.code === "unavailable") each.channel.lose(error);
					else each.end(error);
				}
				return { fresh, more, error };
			}
		}
		return { fresh, more };
	}

	async #read(some: readonly Polled[]): Promise<{ fresh: number; more: boolean }> {
		// The last one that was read, and at least one more.
		const count = Math.min(perChannel, Math.ceil(this.#most / some.length)) + 1;
		const streams = some.map(({ channel }) => channel.stream);
		const positions = some.map(({ channel }) => channel.position);
		const numbers = [String(some.length), ...streams, String(count), ...positions];
		const reply = await this.#settings.run("", () => ["EVAL", script, ...numbers]);
		if (!Array.isArray(reply) || reply.length <= some.length) throw unreadable(reply);
		const [now, ...pages] = reply as [string, ...(readonly Entry[] | string)[]];
		const isLarge = sizeOf(pages) > answerTarget;
		this.#most = Math.min(entries, Math.max(1, isLarge ? this.#most >> 1 : this.#most * 2));
		let [fresh, more] = [0, false];
		for (const [index, each] of some.entries()) {
			const page = pages[index];
			// It left meanwhile, perhaps by a handler of another.
			if (!this.#all.has(each)) continue;
			if (Array.isArray(page)) {
				const isWhole = page.length < count;
				fresh += each.channel.take(Number(now), page, isWhole);
				more ||= !isWhole;
			} else {
				each.end(new RestError("refused", `Upstash answered: ${page}`));
			}
		}
		return { fresh, more };
	}

	/** One after the other: as soon as one gets no stream, the others need not try. */
	async #tryStreams(): Promise<void> {
		this.#tryingStreams = true;
		for (const each of [...this.#all]) {
			if (this.#all.has(each) && !(await each.tryStream())) break;
		}
		this.#tryingStreams = false;
	}
}

function sizeOf(pages: readonly (readonly Entry[] | string)[]): number {
	return pages.flat().reduce((size, entry) => size + (entry[1]?.[1]?.length ?? 0), 0);
}

function unreadable(cause: unknown): ConnectorError {
	return new RestError("unavailable", "Upstash answered a poll with something else.", { cause });
}
