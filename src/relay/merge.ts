import type { IncomingStream } from "./incoming.ts";
import { mostChannels, weightOf } from "./protocol.ts";
import type { RelayedChannel } from "./relayed-channel.ts";

/** A large stream is replaced when a larger share of its channels is unwanted. */
const mostUnwanted = 0.1;

/** A stream with fewer channels is replaced as soon as one of them is unwanted. */
const fewChannels = 100;

/** How long a new stream may take to bring all its channels, in ms. */
const longestMerge = 10_000;

/**
 * The streams that one new stream is to replace: all but the largest. The largest is replaced as well when many of its
 * channels are unwanted, or when the others have grown. So a relay asks again for a channel only about as often as the
 * number of channels doubles.
 */
export function streamsToReplace(
	streams: ReadonlyMap<IncomingStream, ReadonlySet<string>>,
	isWanted: (name: string) => boolean,
): IncomingStream[] {
	const hasManyUnwanted = (names: ReadonlySet<string>) => {
		const unwanted = [...names].filter((name) => !isWanted(name)).length;
		return names.size < fewChannels ? unwanted > 0 : unwanted > names.size * mostUnwanted;
	};
	const weights = new Map([...streams].map(([stream, names]) => [stream, weightOfAll(names)]));
	const weight = (stream: IncomingStream) => weights.get(stream) ?? 0;
	const bySize = [...streams.keys()].sort((a, b) => weight(b) - weight(a));
	const [largest, ...others] = bySize;
	if (largest === undefined) return [];
	const small = others.reduce((sum, stream) => sum + weight(stream), 0);
	const wasteful = [...streams].flatMap(([stream, names]) =>
		hasManyUnwanted(names) ? stream : [],
	);
	// The largest is replaced when the others together have more than half its size.
	const grows = wasteful.includes(largest) || small * 2 > weight(largest);
	const wanted = grows && small + weight(largest) <= mostChannels ? bySize : others;
	// The smallest come first: as many as one stream can carry.
	let sum = 0;
	const replaced = wanted.toReversed().filter((stream) => {
		sum += weight(stream);
		return sum <= mostChannels;
	});
	const [only] = replaced;
	if (only !== undefined && replaced.length === 1 && !wasteful.includes(only)) return [];
	return replaced;
}

function weightOfAll(names: ReadonlySet<string>): number {
	return [...names].reduce((sum, name) => sum + weightOf(name), 0);
}

/** The replacement of some streams by a new one. */
export class Merge {
	stream: IncomingStream | undefined;
	readonly #waiting: Set<RelayedChannel>;
	readonly #ended: () => void;
	readonly #timer: ReturnType<typeof setTimeout>;
	#over = false;

	/** @param ended called once. */
	constructor(channels: readonly RelayedChannel[], ended: () => void) {
		this.#waiting = new Set(channels);
		this.#ended = ended;
		this.#timer = setTimeout(() => this.finish(), longestMerge);
	}

	/** Whether every channel gets its lines from the new stream. */
	get isDone(): boolean {
		return this.#waiting.size === 0;
	}

	/** The new stream is open. */
	begin(stream: IncomingStream): void {
		this.stream = stream;
		for (const channel of [...this.#waiting]) this.arrived(channel);
		if (this.isDone) this.finish();
	}

	/** A line of a channel came. */
	arrived(channel: RelayedChannel): void {
		const { stream } = this;
		if (stream === undefined) return;
		if (!channel.comesFrom(stream) && channel.isWanted) return;
		this.#waiting.delete(channel);
		if (this.isDone) this.finish();
	}

	/** All channels have moved, or the new stream failed. */
	finish(): void {
		if (this.#over) return;
		this.#over = true;
		clearTimeout(this.#timer);
		this.#ended();
	}
}
