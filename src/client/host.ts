/** What is different from one host to the next: browsers, workers, Electron, Node, Bun, Deno, React Native. */

const host = globalThis as { document?: { baseURI: string }; location?: { href: string } };

/**
 * The whole URL, with the request for events in place of comments and `retry:`, which scripts cannot see.
 *
 * @throws {TypeError} when no stream can be there, as `/stream` is a file where the page is one.
 */
export function streamUrl(url: string | URL): URL {
	try {
		// Not the location: a `<base>`, or a frame without a URL of its own, makes another one.
		const target = new URL(url, host.document?.baseURI ?? host.location?.href);
		if (/^(file|data|blob|about):/.test(target.protocol)) throw new TypeError(target.protocol);
		target.searchParams.set("sse.control", "events");
		return target;
	} catch (cause) {
		throw new TypeError("url: must be whole here, as https://hub.example/stream.", { cause });
	}
}

/** @throws {TypeError} when this host has no EventSource with which the client can keep its word. */
export function checkEventSource(retry: boolean): void {
	if (typeof EventSource === "function" && (retry || EventSource.CLOSED === 2)) return;
	throw new TypeError(
		`EventSource: there is none here${retry ? "" : " with a readyState, which retry: false needs"}. ` +
			"Set globalThis.EventSource first.",
	);
}

/** An error that no caller can catch. */
export function report(error: unknown): void {
	if (typeof reportError === "function") reportError(error);
	else console.error(error);
}
