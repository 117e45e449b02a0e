import { Backoff } from "../connectors/shared/backoff.ts";
import { within } from "../connectors/shared/timeout.ts";
import type { Subscription, SubscriptionHandlers } from "../core/connector.ts";
import { ConnectorError, closedError } from "../core/errors.ts";
import { IncomingStream } from "./incoming.ts";
import { Merge, streamsToReplace } from "./merge.ts";
import { mostChannels, type RelayLine, weightOf } from "./protocol.ts";
import { RelayedChannel, RelayListener } from "./relayed-channel.ts";
import { late, mismatch, type UpstreamSettings } from "./requests.ts";

/** Channels that are wanted within this time, in ms, share a stream. */
const gatherMs = 50;

/** How long after a change streams are merged, in ms. With more than 1,000 channels it is 1 ms for each channel. */
const tidyMs = 1_000;

/** The channels of a stream. */
interface Carried {
	/** The channels that it was opened for. */
	readonly names: ReadonlySet<string>;
	/** Those that nobody has left since. A channel that is joined again is not added. */
	readonly used: Set<string>;
}

/**
 * All subscriptions of one relay. A stream's list of channels never changes. New channels get a stream of their own.
 * Later, streams are merged into a new one, which opens before the old ones end.
 */
export class Upstream {
	readonly #settings: UpstreamSettings;
	readonly #channels = new Map<string, RelayedChannel>();
	readonly #streams = new Map<IncomingStream, Carried>();
	/** The channels that need a stream. */
	readonly #waiting = new Set<string>();
	#gathering: ReturnType<typeof setTimeout> | undefined;
	#tidying: ReturnType<typeof setTimeout> | undefined;
	#merge: Merge | undefined;
	#openedAt = Number.NEGATIVE_INFINITY;
	readonly #backoff = new Backoff();
	#closed = false;

	constructor(settings: UpstreamSettings) {
		this.#settings = settings;
	}

	async subscribe(name: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		if (this.#closed) throw closedError("relay");
		const channel = this.#channels.get(name) ?? new RelayedChannel(name);
		this.#channels.set(name, channel);
		const listener = new RelayListener(handlers);
		channel.add(listener);
		if (!channel.isLive) this.#want(name);
		const unsubscribe = async () => {
			listener.leave();
			this.#leave(channel, listener);
		};
		const { timeout } = this.#settings.requests;
		try {
			await within(listener.settled, timeout, () => this.#backoff.lastError ?? late(timeout));
		} catch (error) {
			await unsubscribe();
			throw error;
		}
		return { position: listener.position, unsubscribe };
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#gathering);
		clearTimeout(this.#tidying);
		this.#merge?.finish();
		for (const stream of this.#streams.keys()) stream.close();
		this.#streams.clear();
		const channels = [...this.#channels.values()];
		this.#channels.clear();
		for (const channel of channels) channel.end(closedError("relay"));
	}

	#leave(channel: RelayedChannel, listener: RelayListener): void {
		channel.delete(listener);
		if (channel.isWanted || this.#channels.get(channel.name) !== channel) return;
		this.#channels.delete(channel.name);
		this.#waiting.delete(channel.name);
		this.#merge?.arrived(channel);
		// Counting the wanted channels here would take 10,000² steps when 10,000 channels are left together.
		for (const [stream, { names, used }] of this.#streams) {
			if (!used.delete(channel.name) || used.size > 0) continue;
			// A channel that was joined again may still have its lines from this stream.
			if (this.#wantedOf(names).length === 0) this.#drop(stream);
		}
		this.#tidyLater();
	}

	#want(name: string): void {
		this.#waiting.add(name);
		if (this.#gathering !== undefined || this.#closed) return;
		const wait = Math.max(this.#openedAt + gatherMs - performance.now(), this.#backoff.left, 0);
		const gather = () => {
			this.#gathering = undefined;
			this.#gather();
		};
		this.#gathering = setTimeout(gather, wait);
	}

	#gather(): void {
		let room = mostChannels;
		const names = [...this.#waiting].filter((name) => {
			room -= weightOf(name);
			return room >= 0;
		});
		for (const name of names) this.#waiting.delete(name);
		if (names.length === 0) return;
		this.#openedAt = performance.now();
		void this.#open(names, this.#settings.history);
		const [more] = this.#waiting;
		if (more !== undefined) this.#want(more);
	}

	/** @returns undefined when the stream could not be opened. Its channels then wait for another one, or have ended. */
	async #open(names: readonly string[], positions: boolean): Promise<IncomingStream | undefined> {
		const { requests, via, history } = this.#settings;
		const stream = new IncomingStream(requests, via, {
			onOpen: (facts) => {
				if (facts.history !== history) throw mismatch(history);
			},
			onLine: (from, line) => this.#line(from, line),
			onEnd: (from, error) => this.#ended(from, error),
		});
		this.#streams.set(stream, { names: new Set(names), used: new Set(names) });
		try {
			await stream.open(names, positions);
			if (this.#streams.size > 1) this.#tidyLater();
			return stream;
		} catch (error) {
			stream.close();
			this.#ended(stream, error as ConnectorError);
			return undefined;
		}
	}

	#line(
		stream: IncomingStream,
		line: Exclude<RelayLine, readonly ["open" | "ping", ...unknown[]]>,
	): void {
		const channel = this.#channels.get(line[1]);
		if (channel === undefined) return;
		if (line[0] === "live") {
			this.#backoff.succeeded();
			channel.live(stream, line);
		} else if (line[0] === "end") this.#refused(stream, channel, line[3], line[4]);
		else channel.line(stream, line);
		this.#merge?.arrived(channel);
	}

	#refused(stream: IncomingStream, channel: RelayedChannel, code: string, message: string): void {
		if (code === "refused") {
			this.#end(channel, new ConnectorError("refused", message));
			return;
		}
		const error = new ConnectorError("unavailable", message);
		this.#backoff.failed(error);
		if (channel.gone(stream, error) || !channel.isLive) this.#want(channel.name);
	}

	#end(channel: RelayedChannel, error: ConnectorError): void {
		this.#channels.delete(channel.name);
		channel.end(error);
	}

	/** A stream has ended, or could not be opened. */
	#ended(stream: IncomingStream, error: ConnectorError): void {
		const carried = this.#streams.get(stream);
		if (carried === undefined) return;
		this.#streams.delete(stream);
		if (this.#merge?.stream === stream) this.#merge.finish();
		if (error.code !== "closed") this.#backoff.failed(error);
		for (const channel of this.#wantedOf(carried.names)) {
			channel.gone(stream, error);
			if (channel.isLive) continue;
			if (error.code === "refused") this.#end(channel, error);
			else this.#want(channel.name);
		}
	}

	/** Closes a stream that is not needed any more. */
	#drop(stream: IncomingStream): void {
		const names = this.#namesOf(stream);
		this.#streams.delete(stream);
		stream.close();
		const error = closedError("stream");
		for (const channel of this.#wantedOf(names)) {
			channel.gone(stream, error);
			if (!channel.isLive) this.#want(channel.name);
		}
	}

	#namesOf(stream: IncomingStream): ReadonlySet<string> {
		return this.#streams.get(stream)?.names ?? new Set();
	}

	#wantedOf(names: ReadonlySet<string>): RelayedChannel[] {
		return [...names].flatMap((name) => this.#channels.get(name) ?? []);
	}

	#tidyLater(): void {
		if (this.#tidying !== undefined || this.#streams.size === 0 || this.#closed) return;
		const tidy = () => {
			this.#tidying = undefined;
			void this.#tidy();
		};
		const wait = Math.max(tidyMs, this.#channels.size, this.#backoff.left);
		this.#tidying = setTimeout(tidy, wait);
	}

	async #tidy(): Promise<void> {
		if (this.#merge !== undefined) return this.#tidyLater();
		const isWanted = (name: string) => this.#channels.has(name);
		// A stream must not be dropped while some of its channels wait for their confirmation.
		const settled = [...this.#streams].flatMap(([stream, { names }]) =>
			this.#wantedOf(names).every(({ isLive }) => isLive) ? [[stream, names] as const] : [],
		);
		if (settled.length < this.#streams.size) this.#tidyLater();
		const replaced = streamsToReplace(new Map(settled), isWanted);
		if (replaced.length === 0) return;
		const names = new Set(replaced.flatMap((stream) => [...this.#namesOf(stream)]));
		const wanted = this.#wantedOf(names);
		if (wanted.length === 0) {
			for (const old of replaced) this.#drop(old);
			return;
		}
		const merge = new Merge(wanted, () => {
			this.#merge = undefined;
			// When the new stream fails, the old ones still bring their channels' lines.
			const isUsed = (old: IncomingStream) => wanted.some((channel) => channel.comesFrom(old));
			for (const old of replaced) if (!isUsed(old)) this.#drop(old);
			this.#tidyLater();
		});
		this.#merge = merge;
		const stream = await this.#open(
			wanted.map(({ name }) => name),
			false,
		);
		if (stream === undefined) merge.finish();
		else merge.begin(stream);
	}
}
