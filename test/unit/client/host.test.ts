import { afterEach, expect, test, vi } from "vitest";
import { EventClient } from "../../../src/client.ts";

/** What cannot work on a host throws where the caller can catch it. */

afterEach(() => vi.unstubAllGlobals());

class Opened {
	static urls: string[] = [];
	addEventListener = () => undefined;
	close = () => undefined;
	constructor(url: string) {
		Opened.urls.push(url);
	}
}

const listens = (client: EventClient) => () => client.on("message", () => undefined);

test("without an EventSource the client reads with `fetch`", async () => {
	vi.stubGlobal("EventSource", undefined);
	const asked: string[] = [];
	vi.stubGlobal("fetch", async (url: string) => {
		asked.push(url);
		return new Response(null, { status: 204 });
	});
	const events = new EventClient("https://hub.test/stream").events("message");
	expect(await events.next()).toEqual({ done: true, value: undefined });
	expect(asked).toEqual(["https://hub.test/stream?sse.control=events"]);
});

test("next() rejects for an invalid URL as on() throws", async () => {
	vi.stubGlobal("EventSource", Opened);
	const events = new EventClient("/stream").events("message");
	await expect(events.next()).rejects.toThrow(/^url: /);
});

test.for(["/stream", "", "https://", "file:///stream", "data:text/event-stream,", "about:blank"])(
	"outside a page the URL %s is refused",
	(url) => {
		vi.stubGlobal("EventSource", Opened);
		const rule = "url: must be absolute.";
		expect(listens(new EventClient(url))).toThrow(rule);
		// A function is only called when the stream opens, and may return another URL the next time.
		listens(new EventClient(() => url))()();
	},
);

test("in a page from a file, a relative URL is refused as well", () => {
	vi.stubGlobal("EventSource", Opened);
	vi.stubGlobal("location", new URL("file:///home/me/page.html"));
	expect(listens(new EventClient("/stream"))).toThrow(/^url: must be absolute/);
	listens(new EventClient("http://127.0.0.1:8000/stream"))()();
});

test("the error about a URL shows no part of its query", () => {
	vi.stubGlobal("EventSource", Opened);
	expect(listens(new EventClient("//hub.test/stream?token=secret"))).toThrow(/^[^?]+$/);
});

test.for([
	["https://hub.test/stream", "https://hub.test/stream?sse.control=events"],
	["/stream?channel=a#part", "http://page.test/stream?channel=a&sse.control=events#part"],
	["stream", "http://page.test/base/stream?sse.control=events"],
] as const)("%s is requested as %s", async ([url, asked]) => {
	Opened.urls = [];
	vi.stubGlobal("EventSource", Opened);
	// A page without a URL of its own (`srcdoc`) has the base URL of its parent or of `<base>`.
	vi.stubGlobal("location", new URL("about:srcdoc"));
	vi.stubGlobal(
		"document",
		Object.assign(new EventTarget(), { baseURI: "http://page.test/base/" }),
	);
	const stop = listens(new EventClient(url, { share: false }))();
	await expect.poll(() => Opened.urls).toEqual([asked]);
	stop();
});
