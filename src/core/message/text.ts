/** Whether a text is more than so many bytes of UTF-8; it is measured only where its length does not tell. */
export function exceeds(text: string, bytes: number): boolean {
	if (text.length > bytes) return true;
	return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes;
}
