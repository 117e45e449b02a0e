import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { fetchSource } from "../../../../src/client/more/fetch-source.ts";

test("close() in the turn that opened the source sends no request and leaves no listener", async () => {
	const { signal } = new AbortController();
	const asked: string[] = [];
	const fetch = async (url: string): Promise<Response> => {
		asked.push(url);
		return new Response();
	};
	const options = { url: "http://hub.test/stream", custom: true, fetch, signal };
	const source = fetchSource(new URL("http://hub.test/stream"), options);
	source.close();
	await nextTurn();
	expect(asked).toEqual([]);
	expect(getEventListeners(signal, "abort")).toEqual([]);
});
