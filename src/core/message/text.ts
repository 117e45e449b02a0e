/**
 * Whether a text has more bytes of UTF-8 than this. It is measured only where its length does
 * not tell.
 */
export function exceeds(text: string, bytes: number): boolean {
	if (text.length > bytes) return true;
	return text.length * 3 > bytes && byteLength(text) > bytes;
}

/** The length of a text in UTF-8. */
export function byteLength(text: string): number {
	return new TextEncoder().encode(text).length;
}
