import { run } from "./properties/property.ts";
import { properties } from "./properties.ts";
import { makeBatch, readBatch } from "./readers/batch.ts";
import { chromiumReader, denoReader, nodeReader, type Reader } from "./readers/readers.ts";
import { serveStreams } from "./readers/streams.ts";

/** The share of a round's cases that every EventSource reads, in per cent. The properties have the rest. */
export const readersShare = 40;

/** One way to spend a part of a round's cases. The same seed makes the same ones. */
export interface Step {
	name: string;
	run(seed: number, cases: number): Promise<unknown>;
}

export interface Fuzz {
	readers: Step;
	others: readonly Step[];
	close(): Promise<void>;
}

export async function openFuzz(): Promise<Fuzz> {
	const streams = await serveStreams();
	const readers: Reader[] = [await chromiumReader(streams.url), denoReader(), nodeReader()];
	const readersStep: Step = {
		name: "Chromium, Deno, Node, eventsource-parser and the standard's own steps hear the same",
		run: (seed, cases) => readBatch(readers, streams, makeBatch(seed, part(cases, readersShare))),
	};
	const others = properties.map(
		(property): Step => ({
			name: property.name,
			run: (seed, cases) => run(property, seed, part(cases, property.share)),
		}),
	);
	return {
		readers: readersStep,
		others,
		close: async () => {
			await Promise.all(readers.map((reader) => reader.close()));
			await streams.close();
		},
	};
}

function part(cases: number, share: number): number {
	return Math.ceil((cases * share) / 100);
}
