import { afterEach, expect, test, vi } from "vitest";
import { EventClient } from "../../../src/client.ts";

/** What cannot work on a host is an error where somebody can catch it. */

afterEach(() => vi.unstubAllGlobals());

class Opened {
	static readonly CLOSED: number | undefined = 2;
	static urls: string[] = [];
	addEventListener = () => undefined;
	close = () => undefined;
	constructor(url: string) {
		Opened.urls.push(url);
	}
}

const listens = (client: EventClient) => () => client.on("message", () => undefined);

test("without an EventSource on() says so, and keeps nothing", () => {
	vi.stubGlobal("EventSource", undefined);
	const client = new EventClient("https://hub.test/stream");
	expect(listens(client)).toThrow(/^EventSource: none here\. Set globalThis\.EventSource\.$/);
	expect(client.state).toBe("closed");
	vi.stubGlobal("EventSource", Opened);
	listens(client)()();
});

test("next() says so as well", async () => {
	vi.stubGlobal("EventSource", undefined);
	const events = new EventClient("https://hub.test/stream").events("message");
	await expect(events.next()).rejects.toThrow(/^EventSource: /);
});

test.for(["/stream", "", "https://", "file:///stream", "data:text/event-stream,", "about:blank"])(
	"where there is no page, %s cannot be listened to",
	(url) => {
		vi.stubGlobal("EventSource", Opened);
		const rule = "url: must be absolute here, as https://hub.example/stream.";
		expect(listens(new EventClient(url))).toThrow(rule);
		// A function is asked when the stream opens, and may say something else the next time.
		listens(new EventClient(() => url))()();
	},
);

test("in a page that is a file, a URL has to be whole, too", () => {
	vi.stubGlobal("EventSource", Opened);
	vi.stubGlobal("location", { href: "file:///home/me/page.html" });
	expect(listens(new EventClient("/stream"))).toThrow(/^url: must be absolute here/);
	listens(new EventClient("http://127.0.0.1:8000/stream"))()();
});

test("no part of a URL is in an error", () => {
	vi.stubGlobal("EventSource", Opened);
	expect(listens(new EventClient("//hub.test/stream?token=secret"))).toThrow(/^[^?]+$/);
});

test("`retry: false` needs to be told a refusal from a loss", () => {
	vi.stubGlobal(
		"EventSource",
		class extends Opened {
			static override readonly CLOSED = undefined;
		},
	);
	const url = "https://hub.test/stream";
	expect(listens(new EventClient(url, { retry: false }))).toThrow(/readyState/);
	listens(new EventClient(url))()();
});

test.for([
	["https://hub.test/stream", "https://hub.test/stream?sse.control=events"],
	["/stream?channel=a#part", "http://page.test/stream?channel=a&sse.control=events#part"],
	["stream", "http://page.test/base/stream?sse.control=events"],
] as const)("%s is asked for as %s", async ([url, asked]) => {
	Opened.urls = [];
	vi.stubGlobal("EventSource", Opened);
	// A page without a URL of its own, as `srcdoc` makes it, has its parent's, or its `<base>`'s.
	vi.stubGlobal("location", { href: "about:srcdoc" });
	vi.stubGlobal(
		"document",
		Object.assign(new EventTarget(), { baseURI: "http://page.test/base/" }),
	);
	const stop = listens(new EventClient(url, { share: false }))();
	await vi.waitFor(() => expect(Opened.urls).toEqual([asked]));
	stop();
});
