/** What is different from one host to the next: browsers, workers, Electron, Node, Bun, Deno, React Native. */

// A page's, which a worker lacks.
declare const document: { readonly baseURI: string } | undefined;

/**
 * The whole URL, with the request for events in place of comments and `retry:`, which scripts cannot see.
 *
 * @throws {TypeError} when nothing can be read from there.
 */
export function streamUrl(url: string | URL): URL {
	let target: URL;
	try {
		// Not the location: a `<base>`, or a frame without a URL of its own, makes another one.
		const base = typeof document === "undefined" ? globalThis.location?.href : document.baseURI;
		target = new URL(url, base);
		target.searchParams.set("sse.control", "events");
	} catch (cause) {
		throw new TypeError(
			"url: must be whole where no page completes it, as https://hub.example/stream.",
			{ cause },
		);
	}
	if (!/^(file|data|blob|about):/.test(target.protocol)) return target;
	throw new TypeError(`url: must begin with https: or http:, not ${target.protocol}`);
}

/** @throws {TypeError} when this host has no EventSource with which the client can keep its word. */
export function checkEventSource(retry: boolean): void {
	if (typeof EventSource !== "function") {
		throw new TypeError(
			"EventSource: there is none here. Set globalThis.EventSource first, or listen in browsers only.",
		);
	}
	if (retry || EventSource.CLOSED === 2) return;
	throw new TypeError("retry: false needs an EventSource with a readyState.");
}

/** An error that no caller can catch. */
export function report(error: unknown): void {
	if (typeof reportError === "function") reportError(error);
	else console.error(error);
}
