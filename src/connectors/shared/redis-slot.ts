/**
 * Where a Redis Cluster keeps a key, and the key of a channel's history in the channel's own slot.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
 */

const slots = 16_384;
const encoder = /* @__PURE__ */ new TextEncoder();

/** The slot of a key or of a sharded channel. */
export function slotOf(name: string): number {
	return crc16(tagOf(name) ?? name) % slots;
}

/**
 * The key of a channel's stream: in the slot of the channel, for a script may publish nowhere else, and of no
 * other channel. Most channels can be made a tag of their own. One that has a tag keeps it. One with a `}`
 * that could be neither is given a tag that happens to fall into its slot.
 */
export function streamKey(channel: string): string {
	if (tagOf(channel) !== undefined) return `sse:history:tagged:${channel}`;
	if (!channel.includes("}")) return `sse:history:{${channel}}`;
	const slot = slotOf(channel);
	let number = 0;
	// Some 16,000 numbers on average, a millisecond or two; such channels are rare.
	while (slotOf(String(number)) !== slot) number++;
	return `sse:history:slot:{${number}}:${channel}`;
}

/** What Redis hashes instead of the whole: between the first `{` and the next `}`, if there is anything. */
function tagOf(name: string): string | undefined {
	return /^[^{]*\{([^}]+)\}/.exec(name)?.[1];
}

/** CRC-16/XMODEM of the UTF-8 bytes. */
function crc16(text: string): number {
	let crc = 0;
	for (const byte of encoder.encode(text)) {
		crc ^= byte << 8;
		for (let bit = 0; bit < 8; bit++) {
			crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
		}
		crc &= 0xffff;
	}
	return crc;
}
