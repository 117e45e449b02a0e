import { getEventListeners } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { open as openSource } from "../../../../src/client/more/client-more.ts";
import { askWith } from "../../../../src/client/more/poll.ts";
import { RequestSource } from "../../../../src/client/more/request-source.ts";
import type { Source, SourceOptions } from "../../../../src/client/source.ts";
import { until } from "../../../support/wait.ts";

afterEach(() => vi.restoreAllMocks());

/** Starts polling a server that answers at once; `signal` is the one its requests are sent with. */
async function poll(
	onAsked: (times: number) => void,
): Promise<{ source: Source; signal: AbortSignal }> {
	let times = 0;
	let signal = new AbortController().signal;
	const fetch = async (_: string, init: RequestInit): Promise<Response> => {
		signal = init.signal as AbortSignal;
		onAsked(++times);
		const messages = [{ id: String(times), type: "message", data: "1" }];
		return Response.json({ messages, lastEventId: String(times) });
	};
	const target = new URL("http://hub.test/stream");
	const options: SourceOptions = { url: target, custom: true, fetch };
	const pollers = new WeakMap();
	await new Promise<void>((resolve) => {
		askWith(RequestSource, pollers, openSource as never, target, options, undefined, resolve);
	});
	times = 0;
	const source: Source = pollers.get(options)(target, options, undefined);
	await until(() => times > 0, { what: "a request" });
	return { source, signal };
}

test("a client that polls for long keeps no more abort listeners than at first", async () => {
	let asked = 0;
	const { source, signal } = await poll((times) => {
		asked = times;
	});
	await until(() => asked === 2, { what: "a second request" });
	const first = getEventListeners(signal, "abort").length;
	await until(() => asked === 6, { what: "more requests" });
	expect(getEventListeners(signal, "abort").length).toBe(first);
	source.close();
});

test("setting the clock back does not stop polling", async () => {
	const hour = 3_600_000;
	const now = Date.now;
	let asked = 0;
	const { source } = await poll((times) => {
		asked = times;
		const back = asked * hour;
		vi.spyOn(Date, "now").mockImplementation(() => now() - back);
	});
	const timers = vi.spyOn(globalThis, "setTimeout");
	await until(() => asked === 3 || timers.mock.calls.some(([, ms]) => Number(ms) > hour / 2), {
		what: "a third request",
	});
	source.close();
	expect(timers.mock.calls.filter(([, ms]) => Number(ms) > hour / 2)).toEqual([]);
});
