const encoder = /* @__PURE__ */ new TextEncoder();

/** Text for all clients of a feed. It is encoded once, when the first sink needs its bytes. */
export class SharedText {
	readonly text: string;
	#bytes: Uint8Array | undefined;

	constructor(text: string) {
		this.text = text;
	}

	/** The text in UTF-8. */
	get bytes(): Uint8Array {
		this.#bytes ??= encoder.encode(this.text);
		return this.#bytes;
	}
}

/** What a sink is given. Clients share it, so it must not be changed. */
export type Content = Uint8Array | SharedText;

export function bytesOf(content: Content): Uint8Array {
	return content instanceof SharedText ? content.bytes : content;
}
