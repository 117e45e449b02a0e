import type { Decoded } from "../message/envelope.ts";
import type { ReplayChannel } from "./types.ts";

/** What is remembered, in UTF-16 code units; past it, the history must be read again. */
const limit = 1_048_576;

/** What the feed brought since it was made, by channel: without a hole, or not at all. */
export class Recent {
	readonly #messages: Map<ReplayChannel, Decoded[]>;
	#size = 0;

	constructor(channels: readonly ReplayChannel[]) {
		this.#messages = new Map(channels.map((channel) => [channel, []]));
	}

	add(channel: ReplayChannel, decoded: Decoded): void {
		this.#size += decoded.size;
		if (this.#size > limit) this.#messages.clear();
		else this.#messages.get(channel)?.push(decoded);
	}

	/** Something is missing. */
	forget(channel: ReplayChannel): void {
		this.#messages.delete(channel);
	}

	of(channel: ReplayChannel): readonly Decoded[] | undefined {
		return this.#messages.get(channel);
	}
}
