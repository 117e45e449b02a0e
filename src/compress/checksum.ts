/** The polynomial of CRC-32, its lowest power in the highest bit. */
const polynomial = 0xedb88320;

const table = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
	let crc = byte;
	for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
	return crc;
});

/**
 * The CRC-32 of bytes. `node:zlib` has it from Node 22.2 on.
 *
 * @param before that of what came before them.
 * @see https://www.rfc-editor.org/rfc/rfc1952#section-8
 */
export function crc32(bytes: Uint8Array, before = 0): number {
	let crc = ~before;
	for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 255] ?? 0);
	return ~crc >>> 0;
}

/**
 * What a CRC-32 contributes to that of a longer text: the sum of a whole is `shifted(first, length of rest) ^ rest`. A
 * client's sum is made of those of the chunks that it was sent, which are known already.
 *
 * @param length of what follows, in bytes.
 */
export function shifted(crc: number, length: number): number {
	let power = 0x00800000; // x^8, one byte
	let shift = 0x80000000; // x^0
	for (let left = length; left > 0; left = Math.floor(left / 2)) {
		if (left % 2 === 1) shift = product(shift, power);
		power = product(power, power);
	}
	return product(shift, crc) >>> 0;
}

/** The product of two polynomials over GF(2), modulo that of CRC-32. */
function product(a: number, b: number): number {
	let sum = 0;
	let term = b;
	for (let bit = 31; bit >= 0; bit--) {
		if ((a >>> bit) & 1) sum ^= term;
		term = term & 1 ? (term >>> 1) ^ polynomial : term >>> 1;
	}
	return sum;
}
