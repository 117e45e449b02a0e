import { beginning, isAfter } from "../message/position.ts";
import type { Positions } from "./cursor.ts";
import type { ReplayChannel, ReplayClient } from "./types.ts";

/** Where a client stands that is behind. */
export interface Lag {
	/** Where it says that it stands in each channel. */
	readonly positions: Positions;
	/** Where the feed stood when it came, for a position that says nothing or cannot be true; then, as `positions`. */
	readonly joined: readonly string[];
}

/** A connection that is behind. */
export interface Behind<Client extends ReplayClient> extends Lag {
	readonly connection: Client;
	/** When it came, or had last read most of what it was sent; as `performance.now()` has it. */
	writableAt: number;
}

/** A client that has not read what it was sent for so long, in ms, is cut off: it may never read again. */
const drainLimit = 60_000;

/** Those that can be sent more. */
export function writable<Client extends ReplayClient>(
	all: readonly Behind<Client>[],
): Behind<Client>[] {
	const now = performance.now();
	return all.filter((behind) => {
		const { connection } = behind;
		if (connection.isDrained) {
			behind.writableAt = now;
			return true;
		}
		if (now - behind.writableAt > drainLimit) connection.disconnect("slow");
		return false;
	});
}

/** Whether it has heard more of a channel, from another process, than this one's feed knows; or says so. */
export function isAhead({ positions }: Lag, channel: ReplayChannel, index: number): boolean {
	return isAfter(positions[index] ?? beginning, channel.position);
}

/**
 * From where a connection is to be sent a channel's messages: from its position; from where the feed stood when
 * it came, if it has none, or one that is after that, and so is either forged or told by what follows.
 */
export function start({ positions, joined }: Lag, index: number): string {
	const position = positions[index];
	const since = joined[index] ?? beginning;
	return position === undefined || isAfter(position, since) ? since : position;
}

/** Where to read a channel from, for all of these; undefined when nobody misses anything. */
export function oldest(
	wave: readonly Lag[],
	index: number,
	livePosition: string,
): string | undefined {
	let from = livePosition;
	let missing = false;
	for (const behind of wave) {
		const position = behind.positions[index];
		const since = start(behind, index);
		missing ||= since !== livePosition || (position !== undefined && position !== since);
		if (isAfter(from, since)) from = since;
	}
	return missing ? from : undefined;
}
