import type { Failure } from "./failure.ts";
import type { Paste } from "./finding.ts";
import { type ProxyName, proxyOf } from "./in-between.ts";
import type { CheckedOptions } from "./options.ts";
import { pasteFor, type Topic } from "./remedies.ts";
import { openProbe, StreamProbe } from "./stream-probe.ts";

/** What an `EventSource` of a browser accepts. */
const browserHeaders = {
	accept: "text/event-stream",
	"accept-encoding": "gzip, deflate, br",
	"cache-control": "no-cache",
};

/** One check of one stream: its address, its options, and what is open. */
export class CheckContext {
	/** After redirects. */
	url: URL;
	readonly options: CheckedOptions;
	/** What stands between, once an answer has named it. */
	proxy: ProxyName | undefined;
	readonly #probes = new Set<StreamProbe>();
	readonly #origin: string;

	constructor(url: URL, options: CheckedOptions) {
		this.url = url;
		this.options = options;
		this.#origin = url.origin;
		options.signal?.addEventListener("abort", () => this.close(), { once: true });
	}

	/**
	 * Opens the stream once more.
	 *
	 * @param query what the address has besides.
	 */
	async open(
		headers: Readonly<Record<string, string>> = {},
		{ url = this.url, query = {} }: { url?: URL; query?: Readonly<Record<string, string>> } = {},
	): Promise<StreamProbe | Failure> {
		const { options } = this;
		const address = new URL(url);
		for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
		const isOurs = address.origin === this.#origin || url === options.direct;
		const all = { ...browserHeaders, ...(isOurs && options.headers), ...headers };
		const probe = await openProbe(address, all, options.timeout, options.signal);
		if (!(probe instanceof StreamProbe)) return probe;
		this.#probes.add(probe);
		if (address.origin === this.#origin) this.proxy ??= proxyOf(probe.headers);
		return probe;
	}

	/** Asks for another page of the same origin, where the stream has not answered: it may name the proxy. */
	async recognise(): Promise<void> {
		const probe = await this.open({ accept: "*/*" }, { url: new URL("/", this.url) });
		if (probe instanceof StreamProbe) probe.close();
	}

	paste(topic: Topic): Paste[] {
		return pasteFor(topic, this.proxy);
	}

	/** Publishes a text, and returns what went wrong. Undefined: nothing. */
	async publish(text: string): Promise<string | undefined> {
		try {
			await this.options.publish?.(text);
			return undefined;
		} catch (error) {
			return error instanceof Error ? error.message : String(error);
		}
	}

	/** Leaves every stream. */
	close(): void {
		for (const probe of this.#probes) probe.close();
	}
}

export function isStream(probe: StreamProbe | Failure): probe is StreamProbe {
	return probe instanceof StreamProbe && probe.status === 200;
}
