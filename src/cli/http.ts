import { printable } from "./text.ts";

/** Characters of an answer that are read. */
const longest = 1_048_576;

/** The answer to a request that goes nowhere but where it is sent: a redirect must not take a token along. */
export async function reached(url: URL, init: RequestInit): Promise<Response> {
	try {
		return await fetch(url, { ...init, redirect: "manual" });
	} catch (error) {
		throw new Error(`${url.host} cannot be reached${causeOf(error)}.`);
	}
}

/** What is behind the one message that `fetch` has for everything. */
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

/** The JSON of an answer; undefined where it is none, or far too much. */
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

/** What a hub says is wrong, as text that is nobody's command. */
export function refusal({ host }: URL, { status }: Response, answer: unknown): string {
	const { error } = (answer ?? {}) as { error?: unknown };
	const said = typeof error === "string" ? `: ${printable(error.slice(0, 500))}` : ".";
	return `${host} answered ${status}${said}`;
}
