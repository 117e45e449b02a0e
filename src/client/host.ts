/** What differs between hosts: browsers, workers, Electron, Node, Bun, Deno, React Native. */

const host = globalThis as { document?: { baseURI: string }; location?: { href: string } };

/**
 * The absolute URL. It asks for events instead of comments and `retry:`, which scripts cannot
 * see.
 * @throws {TypeError} when no stream can be there: `/stream` on a page that is a file names a
 *   file.
 */
export function streamUrl(url: string | URL): URL {
	try {
		// A `<base>`, or a frame without its own URL, makes this differ from the location.
		const target = new URL(url, host.document?.baseURI ?? host.location?.href);
		if (/^(file|data|blob|about):/.test(target.protocol)) throw new TypeError(target.protocol);
		target.searchParams.set("sse.control", "events");
		return target;
	} catch (cause) {
		throw new TypeError("url: must be absolute here, as https://hub.example/stream.", { cause });
	}
}

/** Reports an error that no caller can catch. */
export function report(error: unknown): void {
	(globalThis.reportError ?? console.error)(error);
}

/** Data from an event's text. */
export function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text; // a string, which edge-sse sends as it is
	}
}

/** A listener that throws must not keep an event from the others. */
export function guarded(run: () => void): void {
	try {
		run();
	} catch (error) {
		report(error);
	}
}
