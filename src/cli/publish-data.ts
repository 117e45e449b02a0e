import { readFile } from "node:fs/promises";
import { inputLines } from "./input.ts";

export interface DataSource {
	/** The data argument. */
	data: string | undefined;
	/** Files. Each is the data of one message. */
	files: readonly string[];
	/** How many times the data argument is sent. Undefined: once, or for ever with a rate. */
	count: number | undefined;
	/** Messages per second at most. */
	rate: number | undefined;
}

/** Yields the data of each message: from the files, from the data argument, or from the lines of standard input. */
export async function* publishData(source: DataSource): AsyncGenerator<string> {
	const wait = pace(source.rate);
	for await (const text of unpaced(source)) {
		await wait();
		yield text;
	}
}

async function* unpaced({ data, files, count, rate }: DataSource): AsyncGenerator<string> {
	for (const file of files) yield await contentOf(file);
	if (data === undefined) {
		if (files.length === 0) yield* inputLines();
		return;
	}
	if (count === undefined && rate === undefined) return yield data;
	for (let n = 1; n <= (count ?? Number.POSITIVE_INFINITY); n++) yield filled(data, n);
}

/** Fills in `{n}`, the number of the message, `{time}`, now in ISO 8601, and `{random}`, from 0 to 1. */
function filled(template: string, n: number): string {
	const values: Readonly<Record<string, () => string>> = {
		n: () => String(n),
		time: () => new Date().toISOString(),
		random: () => String(Math.random()),
	};
	return template.replace(
		/\{(n|time|random)\}/g,
		(found, name: string) => values[name]?.() ?? found,
	);
}

async function contentOf(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		throw new Error(`--file: cannot be read (${(error as NodeJS.ErrnoException).code}).`);
	}
}

/** Returns a function that waits until the next message may go. */
function pace(rate: number | undefined): () => Promise<void> {
	let due = performance.now();
	return async () => {
		if (rate === undefined) return;
		const pause = due - performance.now();
		// After a delay the rate stays the same: no burst catches up.
		due = Math.max(due, performance.now()) + 1_000 / rate;
		if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
	};
}
