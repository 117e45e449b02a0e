import type { Decoded } from "../message/envelope.ts";
import { beginning, isAfter, later } from "../message/position.ts";
import type { Page } from "./page.ts";
import type { ReplayChannel } from "./types.ts";

/** What was read of a channel. */
export interface Read {
	readonly channel: ReplayChannel;
	/** Where the feed stood when the reading began. */
	readonly livePosition: string;
	/** With the page: from where it was read. Undefined: nobody was behind, and nothing was read. */
	readonly from: string | undefined;
	readonly page: Page | undefined;
	/** The history was asked when the clients had come, not before. */
	readonly fresh: boolean;
}

/** A page of a channel's history, with what the feed brought while it was read. */
export class Stretch {
	readonly channel: ReplayChannel;
	readonly #read: Read;
	readonly #recent: readonly Decoded[] | undefined;
	/** In their order, each once. */
	readonly #messages: readonly Decoded[];
	/** The page is not older than what is recent. */
	readonly #upToDate: boolean;
	/** And what is recent is sent with it: there is no hole between the two. */
	readonly isSeamless: boolean;

	/** @param recent since the reading began; undefined: it was too much to remember. */
	constructor(read: Read, recent: readonly Decoded[] | undefined) {
		const { channel, page, livePosition } = read;
		this.channel = channel;
		this.#read = read;
		this.#recent = recent;
		this.#upToDate = recent !== undefined && (page?.isUpTo(livePosition) ?? true);
		// What the history has trimmed lately the feed may have brought, unless that is behind as well.
		const hole =
			page?.covers(livePosition) === false && isAfter(page.begin ?? beginning, channel.position);
		this.isSeamless = this.#upToDate && !hole;
		this.#messages = this.isSeamless ? joined(page, recent) : (page?.messages ?? []);
	}

	/** Whether it begins early enough for a client that claims a position and is to be sent what is after `start`. */
	canServe(claimed: string | undefined, start: string): boolean {
		const { from, livePosition } = this.#read;
		if (from !== undefined) return !isAfter(from, start);
		return start === livePosition && (claimed === undefined || claimed === start);
	}

	/**
	 * Whether nothing is missing between the position and what this has after it. A position of which this cannot
	 * tell yet has nothing after it here.
	 */
	covers(claimed: string): boolean {
		const { channel, fresh, page, livePosition } = this.#read;
		if (page === undefined || page.covers(claimed)) return true;
		if (this.isSeamless) {
			if (claimed === livePosition) return true;
			if (this.#recent?.some((decoded) => decoded.storedAt === claimed)) return true;
		}
		// A position after this page is judged by the page that has it.
		if (!this.#upToDate) return isAfter(claimed, page.end);
		// The client may have heard from another process of a message that is newer than this page.
		return !fresh && isAfter(claimed, later(page.end, channel.position));
	}

	after(position: string): readonly Decoded[] {
		const messages = this.#messages;
		let low = 0;
		for (let high = messages.length; low < high; ) {
			const middle = (low + high) >>> 1;
			if (isAfter(positionOf(messages[middle]), position)) high = middle;
			else low = middle + 1;
		}
		return messages.slice(low);
	}

	/** Where a client stands that was sent all after its position. */
	end(position: string): string {
		const { page, channel } = this.#read;
		const end = page?.end ?? beginning;
		const last = later(position, end);
		return this.#upToDate ? later(last, channel.position) : last;
	}
}

// The history may have been trimmed while it was read, and then the feed knows more than it; and it may be
// ahead of the feed.
function joined(page: Page | undefined, recent: readonly Decoded[] = []): readonly Decoded[] {
	if (page === undefined) return recent;
	const [first, last] = [recent.at(0), recent.at(-1)];
	if (first === undefined) return page.messages;
	const before = page.messages.filter((each) => isAfter(positionOf(first), positionOf(each)));
	const after = page.messages.filter((each) => isAfter(positionOf(each), positionOf(last)));
	return [...before, ...recent, ...after];
}

function positionOf(decoded: Decoded | undefined): string {
	return decoded?.storedAt ?? beginning;
}
