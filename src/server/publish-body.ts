import { JsonText, memberText } from "../core/message/json-text.ts";
import { mostMessages } from "../core/publish.ts";

/** How many bytes a body of `POST /publish` may have. */
export const maxBodyBytes = 1_048_576;

/**
 * How deep objects and arrays may be nested in such a body. A parser calls itself for each level, and hosts fail at
 * different depths: Node at 5,000 levels, Bun after 2.5 s for a megabyte of brackets.
 */
export const maxDepth = 64;

/**
 * The hub reads a refused body up to this many bytes. A host that answers earlier resets the connection, and many senders
 * then never see the reason.
 */
const maxDrained = 8 * maxBodyBytes;

/** Why a body is not taken: it is too large, its sender has left, or it is nested too deep. */
export type Unread = "large" | "broken" | "deep";

/**
 * A body of at most this many bytes is read in one piece. Hono's adapter for Node then makes no stream, which is a third
 * of the cost of publishing. Larger bodies are not, because the adapter copies them twice, and fresh memory for a megabyte
 * takes 10 ms and more.
 */
const mostAtOnce = 65_536;

/**
 * Reads a body of JSON. At most `maxBodyBytes` of it are held in memory.
 *
 * The nesting is counted in the bytes, before they become text: V8 takes ten times as long to make a string of a megabyte
 * as to read its bytes.
 */
export async function readBody(request: Request): Promise<{ text: string } | Unread> {
	const length = request.headers.get("content-length") ?? "";
	const isInChunks = request.headers.get("transfer-encoding") !== null;
	const saysLength = !isInChunks && /^\d+$/.test(length);
	const announced = saysLength ? Number(length) : undefined;
	if (announced !== undefined && announced > maxDrained) return "large";
	const depth = new Depth();
	let bytes: Uint8Array | "large";
	try {
		if (announced !== undefined && announced <= mostAtOnce) {
			bytes = new Uint8Array(await request.arrayBuffer());
			depth.read(bytes);
		} else bytes = await bytesOf(request.body, depth);
	} catch {
		// The sender has left, so nobody reads the answer.
		return "broken";
	}
	if (bytes === "large") return "large";
	return depth.isTooDeep ? "deep" : { text: decoder.decode(bytes) };
}

const decoder = /* @__PURE__ */ new TextDecoder();

/** The bytes of a stream. A body that is nested too deep or too large is read on, and not held. */
async function bytesOf(
	body: ReadableStream<Uint8Array> | null,
	depth: Depth,
): Promise<Uint8Array | "large"> {
	const parts: Uint8Array[] = [];
	let size = 0;
	const reader = body?.getReader();
	for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
		size += part.value.length;
		if (size > maxDrained) return "large";
		depth.read(part.value);
		if (size > maxBodyBytes || depth.isTooDeep) parts.length = 0;
		else parts.push(part.value);
	}
	if (size > maxBodyBytes) return "large";
	const bytes = new Uint8Array(depth.isTooDeep ? 0 : size);
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

/** Counts in one pass how deep a body is nested, without parsing it. */
class Depth {
	isTooDeep = false;
	#depth = 0;
	#inString = false;
	#isEscaped = false;

	/** Counts in the next bytes of the body. */
	read(bytes: Uint8Array): void {
		if (this.isTooDeep) return;
		let depth = this.#depth;
		let inString = this.#inString;
		let at = this.#isEscaped ? 1 : 0;
		// In UTF-8 none of these bytes is part of another character.
		for (; at < bytes.length; at++) {
			const c = bytes[at];
			if (inString) {
				if (c === 0x5c) at++;
				else if (c === 0x22) inString = false;
			} else if (c === 0x22) inString = true;
			else if ((c === 0x7b || c === 0x5b) && ++depth > maxDepth) {
				this.isTooDeep = true;
				return;
			} else if (c === 0x7d || c === 0x5d) depth--;
		}
		this.#depth = depth;
		this.#inString = inString;
		this.#isEscaped = at > bytes.length;
	}
}

/**
 * A message's data as its publisher wrote it, because JavaScript's numbers cannot hold `12345678901234567890`.
 *
 * @param json the message's text, which has been parsed.
 */
export function dataOf(json: string, parsed: unknown): unknown {
	// A string loses nothing when it is parsed.
	return typeof parsed === "string" ? parsed : new JsonText(memberText(json, "data"), "data");
}

const fields = ["data", "type", "id", "retry", "channel", "keep", "key"];

/** Says which field of a body is wrong. The library checks `id` and `retry` itself. */
export function bodyProblem(body: unknown): string | undefined {
	if (typeof body !== "object" || body === null || Array.isArray(body)) {
		return 'The body must be a JSON object with "data", or an array of these.';
	}
	if (!Object.hasOwn(body, "data")) return 'data: is missing; a message is {"data": …}.';
	const unknown = Object.keys(body).find((key) => !fields.includes(key));
	if (unknown !== undefined) {
		return `${JSON.stringify(unknown.slice(0, 64))}: is no field of a message; those are ${fields.join(", ")}.`;
	}
	const { type, channel } = body as { type?: unknown; channel?: unknown };
	if (type !== undefined && type !== null && typeof type !== "string") {
		return "type: must be a string.";
	}
	return channelProblem(channel);
}

/** One name, or a list of them. */
function channelProblem(channel: unknown): string | undefined {
	if (channel === undefined || typeof channel === "string") return undefined;
	if (Array.isArray(channel) && channel.length > mostMessages) {
		return `channel: at most ${mostMessages} in one call, got ${channel.length}.`;
	}
	if (Array.isArray(channel) && channel.every((name) => typeof name === "string")) return undefined;
	return "channel: must be a string, or an array of strings.";
}
