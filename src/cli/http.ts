import { printable } from "./text.ts";

/** How many characters of an answer are read. */
const longest = 1_048_576;

/** Returns the answer to a request. It follows no redirect, because a redirect could send a token elsewhere. */
export async function reached(url: URL, init: RequestInit): Promise<Response> {
	try {
		return await fetch(url, { ...init, redirect: "manual" });
	} catch (error) {
		throw new Error(`${url.host} cannot be reached${causeOf(error)}.`);
	}
}

/** Returns the cause of an error of `fetch`, whose own message is always the same. */
function causeOf(error: unknown): string {
	const { name, code, cause } = error as {
		name?: string;
		code?: unknown;
		cause?: { code?: unknown };
	};
	const found = [cause?.code, code].find((each) => typeof each === "string");
	if (found !== undefined) return ` (${found})`;
	return name === "TimeoutError" ? " in time" : "";
}

/** Returns an answer's JSON. Undefined: the answer is not JSON, or is too long. */
export async function jsonOf({ body }: Response): Promise<unknown> {
	const decoder = new TextDecoder();
	let text = "";
	for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
		text += decoder.decode(chunk, { stream: true });
		if (text.length > longest) return undefined;
	}
	try {
		return JSON.parse(text + decoder.decode());
	} catch {
		return undefined;
	}
}

/** Returns what the hub says is wrong, without characters that control a terminal. */
export function refusal({ host }: URL, { status }: Response, answer: unknown): string {
	const { error } = (answer ?? {}) as { error?: unknown };
	const said = typeof error === "string" ? `: ${printable(error.slice(0, 500))}` : ".";
	return `${host} answered ${status}${said}`;
}
