/** The options of `checkEventStream()`. */
export interface StreamCheckOptions {
	/**
	 * Headers of each request for the stream, such as `authorization`. They are not sent to another origin.
	 *
	 * @defaultValue `{}`
	 */
	headers?: Readonly<Record<string, string>> | undefined;
	/**
	 * Publishes an event whose data contains this text, in a way that the stream gets it. It makes it possible to
	 * measure how long an event takes, and whether a client that was away gets what it missed.
	 *
	 * @defaultValue none: that is reported as unknown
	 */
	publish?: ((data: string) => unknown) | undefined;
	/**
	 * The same stream without what is in between. Headers of both answers are compared.
	 *
	 * @defaultValue none
	 */
	direct?: string | URL | undefined;
	/**
	 * The origin of a page that reads the stream from elsewhere, such as `https://app.example.com`: CORS is checked.
	 *
	 * @defaultValue none: CORS is not checked
	 */
	origin?: string | undefined;
	/**
	 * How long to watch a stream on which nothing is published, in ms. Proxies cut at 60 s and later.
	 *
	 * @defaultValue `3_000`
	 */
	idle?: number | undefined;
	/**
	 * The longest that a published event may take, in ms.
	 *
	 * @defaultValue `2_000`
	 */
	latency?: number | undefined;
	/**
	 * How long to wait for the head of an answer, in ms.
	 *
	 * @defaultValue `10_000`
	 */
	timeout?: number | undefined;
	/**
	 * Ends the check: the findings so far are returned.
	 *
	 * @defaultValue none
	 */
	signal?: AbortSignal | undefined;
}

export interface CheckedOptions {
	headers: Readonly<Record<string, string>>;
	publish: ((data: string) => unknown) | undefined;
	direct: URL | undefined;
	origin: string | undefined;
	idle: number;
	latency: number;
	timeout: number;
	signal: AbortSignal | undefined;
}

/** The longest that a check may wait for one thing, in ms: an hour. */
const longest = 3_600_000;

/** @throws {TypeError} that names the option and its rule. */
export function checkedOptions(options: StreamCheckOptions): CheckedOptions {
	const { headers = {}, publish, direct, origin, signal } = options;
	checkHeaders(headers);
	if (publish !== undefined && typeof publish !== "function") {
		throw new TypeError("publish: must be a function.");
	}
	if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).origin === origin)) {
		throw new TypeError("origin: must be an origin, such as https://app.example.com.");
	}
	return {
		...{ headers, publish, origin, signal },
		direct: direct === undefined ? undefined : httpUrl("direct", direct),
		idle: time("idle", options.idle ?? 3_000),
		latency: time("latency", options.latency ?? 2_000),
		timeout: time("timeout", options.timeout ?? 10_000),
	};
}

/** @throws {TypeError} that shows no value: the runtimes' own errors quote it, and it may be a token. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
	for (const [name, value] of Object.entries(headers)) {
		const isValid = /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value);
		if (!isValid) throw new TypeError("headers: each must be ASCII, on one line.");
	}
}

/** @throws {TypeError} for an invalid address. */
export function httpUrl(name: string, value: string | URL): URL {
	const url = URL.canParse(value) ? new URL(value) : undefined;
	if (url === undefined || !/^https?:$/.test(url.protocol)) {
		throw new TypeError(`${name}: must be a URL that begins with http:// or https://.`);
	}
	url.hash = "";
	return url;
}

function time(name: string, value: number): number {
	if (value >= 1 && value <= longest) return value;
	throw new TypeError(`${name}: must be a number of ms, from 1 to ${longest}.`);
}
