/**
 * Where a Redis Cluster keeps a key, and the keys of a channel's history in the channel's own
 * slot.
 *
 * @see
 *   https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
 */

const slots = 16_384;
const encoder = /* @__PURE__ */ new TextEncoder();

/** The default beginning of a history's keys. */
export const historyPrefix = "sse:history:";

/** The slot of a key or of a sharded channel. */
export function slotOf(name: string): number {
	return crc16(tagOf(name) ?? name) % slots;
}

/** The keys of a channel. */
export interface ChannelKeys {
	/** The stream of its messages. */
	readonly stream: string;
	/** A list of its recent messages' keys. */
	readonly names: string;
	/** A hash from these to the messages' ids. */
	readonly ids: string;
	/** A hash: how its run stands, where it has one. */
	readonly run: string;
}

/**
 * The keys of a channel. They are in the channel's own slot, because a script may publish
 * nowhere else. No other channel has them: the tag has a fixed length, and the whole name
 * follows it.
 *
 * @param prefix has no braces, so that the tag is the first in the key.
 */
export function keysOf(channel: string, prefix: string = historyPrefix): ChannelKeys {
	const tagged = `${prefix}{${tagIn(slotOf(channel))}}`;
	return {
		stream: `${tagged}:${channel}`,
		names: `${tagged}keys:${channel}`,
		ids: `${tagged}ids:${channel}`,
		run: `${tagged}run:${channel}`,
	};
}

/** The key of a channel's stream. */
export function streamKey(channel: string, prefix?: string): string {
	return keysOf(channel, prefix).stream;
}

/** The tag's letters: four bits each, and none of them is a brace. */
const letters = "@ABCDEFGHIJKLMNO";

/** The slot of the tag `@@@@`, whose bits are all 0. */
const slotOfZero = 13_881;

/**
 * For each bit of a slot: the bits of a tag that change only that bit. CRC16 is linear: flipped
 * bits of a text flip the same bits of its checksum in every text. So a tag for a slot is
 * computed, not searched for.
 */
const flips = [
	0x1afa, 0x06ed, 0x277b, 0x110c, 0x2a91, 0x39c0, 0x1f63, 0x277f, 0x1104, 0x2208, 0x1bea, 0x04cd,
	0x233b, 0x198c,
];

/** Four letters with this slot. */
function tagIn(slot: number): string {
	const wanted = slot ^ slotOfZero;
	let bits = 0;
	for (const [bit, flip] of flips.entries()) if ((wanted >> bit) & 1) bits ^= flip;
	return [12, 8, 4, 0].map((shift) => letters[(bits >> shift) & 15]).join("");
}

/**
 * The part that Redis hashes instead of the whole key: between the first `{` and the next `}`,
 * if not empty.
 */
function tagOf(name: string): string | undefined {
	const open = name.indexOf("{");
	const close = open === -1 ? -1 : name.indexOf("}", open);
	return close > open + 1 ? name.slice(open + 1, close) : undefined;
}

const table = /* @__PURE__ */ Uint16Array.from({ length: 256 }, (_, byte) => {
	let crc = byte << 8;
	for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
	return crc;
});

/** CRC-16/XMODEM of the UTF-8 bytes. */
function crc16(text: string): number {
	let crc = 0;
	for (const byte of encoder.encode(text)) {
		crc = ((crc << 8) & 0xff00) ^ (table[(crc >> 8) ^ byte] ?? 0);
	}
	return crc;
}
