import { get, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { Random } from "./random.ts";

/** What a reader has in the end. */
export interface Read {
	text: string;
	/** How it was told that the run has ended; `absent`: there is no such run. */
	end: string;
}

/** A place where runs can be read; undefined: there is none now. */
export type Place = (random: Random) => string | undefined;

/** How long a run that was begun, or may have been, may have no end, in ms. */
const patience = 120_000;

/** How long a response may bring nothing, in ms. */
const silence = 10_000;

/**
 * Reads a run to its end as a page does that is reloaded, or loses its connection, at random chunks. After a
 * reload it begins at the start, else it comes back with its cursor.
 *
 * @param isBegun whether the run certainly exists. Until then the reader waits for it.
 */
export async function readRun(
	place: Place,
	id: string,
	random: Random,
	isBegun: () => boolean,
): Promise<Read> {
	const deadline = performance.now() + patience;
	let text = "";
	let cursor: string | undefined;
	let reloads = 3;
	while (performance.now() < deadline) {
		const url = place(random);
		if (url === undefined) {
			await delay(50);
			continue;
		}
		const wasBegun = isBegun();
		const most = 1 + random.below(30);
		let chunks = 0;
		let end: string | undefined;
		const status = await visit(`${url}/read?id=${id}`, cursor, (event, leave) => {
			if (event.event === "sse.end") {
				end = (JSON.parse(event.data) as { status: string }).status;
				leave();
			} else if (chunks < most) {
				text += event.data;
				cursor = event.id;
				chunks++;
				if (chunks === most) leave();
			}
		});
		if (end !== undefined) return { text, end };
		// A reader with a cursor has seen the run, which is kept longer than this takes.
		if (status === 404 && (wasBegun || cursor !== undefined))
			return { text, end: cursor === undefined ? "absent" : "gap" };
		if (status === 204) return { text, end: "204 before the end" };
		if (status !== 200) await delay(50);
		if (reloads > 0 && random.chance(0.4)) {
			reloads--;
			text = "";
			cursor = undefined;
		}
	}
	return { text, end: "never" };
}

/** @returns the answer's status; 0: there was none. */
async function visit(
	url: string,
	cursor: string | undefined,
	onEvent: (event: EventSourceMessage, leave: () => void) => void,
): Promise<number> {
	const headers = cursor === undefined ? {} : { "last-event-id": cursor };
	const request = get(url, { agent: false, headers });
	// Comments come all the time.
	request.setTimeout(silence, () => request.destroy());
	let isOver = false;
	const leave = () => {
		isOver = true;
		request.destroy();
	};
	const response = await new Promise<IncomingMessage | undefined>((resolve) => {
		request.once("response", resolve).on("error", () => resolve(undefined));
	});
	if (response === undefined) return 0;
	const parser = createParser({
		onEvent: (event) => {
			if (!isOver) onEvent(event, leave);
		},
	});
	const decoder = new TextDecoder();
	response.on("data", (bytes: Buffer) => parser.feed(decoder.decode(bytes, { stream: true })));
	await new Promise<void>((resolve) => {
		response.once("close", resolve).on("error", () => resolve());
	});
	return response.statusCode ?? 0;
}
