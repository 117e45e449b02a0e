/** What differs between hosts: browsers, workers, Electron, Node, Bun, Deno, React Native. */

/** A `Location` turns into its URL. */
type Page = { document?: { baseURI: string }; location?: unknown };

/**
 * The absolute URL. It asks for events instead of comments and `retry:`, which scripts cannot
 * see.
 * @throws {TypeError} when no stream can be there: `/stream` on a page that is a file names a
 *   file.
 */
export function streamUrl(url: string | URL): URL {
	let target: URL | undefined;
	try {
		// A `<base>`, or a frame without its own URL, makes this differ from the location.
		const base = (globalThis as Page).document?.baseURI ?? (globalThis as Page).location;
		target = new URL(url, base as string | undefined);
	} catch {
		// Its message would quote the URL, which may hold a token.
	}
	if (!target?.host) throw new TypeError("url: must be absolute.");
	target.searchParams.set("sse.control", "events");
	return target;
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

/** Reports what the page's own code throws, so that the client goes on. */
export function guarded(run: () => void): void {
	try {
		run();
	} catch (error) {
		report(error);
	}
}

/**
 * Calls back for each entry there is now. One that is removed meanwhile is skipped, and one that
 * throws does not keep the others from it.
 */
export function callEach<T>(of: Set<T>, call: (entry: T) => void): void {
	for (const entry of [...of]) if (of.has(entry)) guarded(() => call(entry));
}

/** Loads what most pages do not need. */
export function loadMore(): Promise<typeof import("./more/client-more.ts")> {
	return import("./more/client-more.ts");
}

/**
 * The same value may be added twice, in an entry of its own, and each has its own stop.
 *
 * @returns what removes it. Idempotent.
 */
export function add<T>(to: Set<T>, entry: T): () => void {
	to.add(entry);
	return () => {
		to.delete(entry);
	};
}
