import { expect } from "vitest";
import type { RunFormat } from "../../../src/runs.ts";

export const request = (cursor?: string, init: RequestInit = {}) =>
	new Request("http://localhost/run", {
		...init,
		headers: cursor === undefined ? {} : { "last-event-id": cursor },
	});

/** A foreign format, for which a 204 means that there is nothing to resume. */
export const foreign: RunFormat = {
	headers: { "x-foreign": "1" },
	absent: 204,
	comesBack: false,
	chunk: ({ data, id }) => `data:${JSON.stringify(data)}\nid:${id}\n\n`,
	end: ({ id, status }) => `data:[${status}]\nid:${id}\n\n`,
	failure: () => "data:[failure]\n\n",
};

interface Event {
	data: string;
	id: string;
}

/** What a parser reads of it. An id without data counts, and an unknown field fails the test. */
export function parsed(text: string): Event[] {
	return text.split("\n\n").flatMap((block) => {
		const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
		if (lines.length === 0) return [];
		const of = (name: string) =>
			lines
				.filter((line) => line.startsWith(`${name}:`))
				.map((line) => line.slice(name.length + 1));
		expect(lines.length).toBe(of("data").length + of("id").length);
		return { data: of("data").join("\n"), id: of("id").join() };
	});
}

/** Reads a response to its end, or until it has this many events. */
export async function readText(
	response: Response,
	until = Number.POSITIVE_INFINITY,
): Promise<string> {
	const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
	let text = "";
	while (reader !== undefined && parsed(text).length < until) {
		const { done, value } = await reader.read();
		if (done) break;
		text += value;
	}
	await reader?.cancel();
	return text;
}
