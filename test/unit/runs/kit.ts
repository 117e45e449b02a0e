import { onTestFinished } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import type { ServerSentEventsOptions } from "../../../src/core/options.ts";
import { ServerSentEvents } from "../../../src/exports.ts";
import { Runs, type RunsOptions } from "../../../src/runs.ts";

/** Runs in this process, with a broker of their own. */
export function setUp(
	options: RunsOptions = {},
	sseOptions: Partial<ServerSentEventsOptions> = {},
) {
	const errors: unknown[] = [];
	const sse = new ServerSentEvents({
		connector: memory({ history: {} }),
		onError: (error) => errors.push(error),
		...sseOptions,
	});
	onTestFinished(() => sse.close());
	return { sse, errors, runs: new Runs(sse, options) };
}

/** A source that says what the test tells it. */
export function source() {
	const queue: unknown[] = [];
	let wake: (() => void) | undefined;
	let isDone = false;
	let failure: unknown;
	let given: AbortSignal | undefined;
	async function* chunks() {
		for (;;) {
			while (queue.length > 0) yield queue.shift();
			if (failure !== undefined) throw failure;
			if (isDone) return;
			await new Promise<void>((resolve) => {
				wake = resolve;
			});
		}
	}
	return {
		run: (signal: AbortSignal) => {
			given = signal;
			return chunks();
		},
		say: (...chunks: unknown[]) => {
			queue.push(...chunks);
			wake?.();
		},
		end: () => {
			isDone = true;
			wake?.();
		},
		fail: (error: unknown) => {
			failure = error;
			wake?.();
		},
		get signal() {
			return given;
		},
	};
}

export async function collect<T, R>(reading: AsyncGenerator<T, R>): Promise<{ all: T[]; end: R }> {
	const all: T[] = [];
	for (;;) {
		const step = await reading.next();
		if (step.done === true) return { all, end: step.value };
		all.push(step.value);
	}
}

/** The text of all chunks. */
export const textOf = (chunks: readonly { data: unknown }[]): string =>
	chunks.map(({ data }) => data).join("");
