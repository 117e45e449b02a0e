import { onTestFinished } from "vitest";
import type { Connector } from "../../src/core/connector.ts";
import { ServerSentEvents } from "../../src/exports.ts";
import { Runs, type RunsOptions } from "../../src/runs.ts";

/** A process of its own: its connections, and its runs. */
export function instance(connector: Connector, options: RunsOptions = {}) {
	const errors: unknown[] = [];
	const sse = new ServerSentEvents({ connector, onError: (error) => errors.push(error) });
	onTestFinished(() => sse.close());
	return { sse, runs: new Runs(sse, options), errors };
}

/** This many words, spread over this many ms. */
export const words = (count: number, ms: number) =>
	async function* (signal: AbortSignal) {
		for (let n = 0; n < count && !signal.aborted; n++) {
			yield `word${n} `;
			if (n % 10 === 9) await new Promise((resolve) => setTimeout(resolve, (10 * ms) / count));
		}
	};

export interface Told {
	text: string;
	end: string;
}

export async function told(reading: ReturnType<Runs["read"]>): Promise<Told> {
	let text = "";
	for (;;) {
		const { done, value } = await reading.next();
		if (done) return { text, end: value?.status ?? "left" };
		text += value.data;
	}
}

/** A seeded random number from 0 to 1, so that a failure can be repeated. */
export function randomFrom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 4_294_967_296;
	};
}

/** Answers requests with a run. */
interface Answering {
	stream(request: Request, id: string, options: { format: "told" }): Promise<Response>;
}

/**
 * Reads by requests, and leaves at random chunks. Half of the times it reloads, else it comes back with its
 * cursor.
 */
export async function reloading(
	all: readonly Answering[],
	id: string,
	seed: number,
): Promise<Told> {
	const random = randomFrom(seed);
	let text = "";
	let cursor: string | undefined;
	// Each may reload the page a few times, which begins at the start.
	let reloads = 3;
	for (;;) {
		const runs = all[Math.floor(random() * all.length)];
		const headers = cursor === undefined ? {} : { "last-event-id": cursor };
		const request = new Request("http://localhost/", { headers });
		const response = await runs?.stream(request, id, { format: "told" });
		if (response?.status !== 200) throw new Error(`It was answered ${response?.status}.`);
		let left = 1 + Math.floor(random() * 20);
		const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
		let buffer = "";
		while (left > 0 && reader !== undefined) {
			const { done, value } = await reader.read();
			if (done) break;
			buffer += value;
			const blocks = buffer.split("\n\n");
			buffer = blocks.pop() ?? "";
			for (const block of blocks) {
				if (left === 0) break;
				const fields = Object.fromEntries(
					block
						.split("\n")
						.map((line) => [
							line.slice(0, line.indexOf(":")),
							line.slice(line.indexOf(":") + 1).replace(/^ /, ""),
						]),
				);
				if (fields.event === "sse.end") return { text, end: JSON.parse(fields.data ?? "").status };
				if (fields.data === undefined) continue;
				text += fields.data;
				cursor = fields.id;
				left--;
			}
		}
		await reader?.cancel();
		if (reloads > 0 && random() < 0.5) {
			reloads--;
			cursor = undefined;
			text = "";
		}
	}
}
