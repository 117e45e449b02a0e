import { prefixed } from "./channel-prefix.ts";
import type { Connector } from "./connector.ts";
import { Hub } from "./delivery/hub.ts";
import { withFewGaps } from "./error-handler.ts";
import { closedError } from "./errors.ts";
import type { CheckedOptions } from "./options.ts";
import { atEndOfTurn } from "./scheduling.ts";
import { type Counters, counters } from "./stats.ts";

/** The connector of one instance, made on first use, and the hubs on it. */
export class Hubs {
	readonly counters: Counters = counters();
	/** The hubs of single requests, where requests may not share I/O. */
	readonly ofRequests: Set<Hub> = new Set();
	readonly #options: CheckedOptions;
	/** Reports what happens to streams, for all hubs together. */
	readonly #report: CheckedOptions["onError"];
	#given: Connector | undefined;
	#connector: Connector | undefined;
	#shared: Hub | undefined;
	#closed = false;
	readonly #readings = new Set<Promise<unknown>>();

	constructor(options: CheckedOptions) {
		this.#options = options;
		this.#report = withFewGaps(options.onError);
	}

	/** The connector as the options gave it, without the prefix. */
	get given(): Connector {
		this.connect();
		return this.#given as Connector;
	}

	/**
	 * @throws {ConnectorError} after `close()`.
	 * @throws {ConfigurationError} as `connect` does.
	 */
	connectOpen(host?: unknown): Connector {
		if (this.#closed) throw closedError("ServerSentEvents");
		return this.connect(host);
	}

	/**
	 * The connector with the prefix.
	 *
	 * @throws {ConfigurationError} when the environment names no broker, or streams of this one cannot be compressed.
	 */
	connect(host?: unknown): Connector {
		const { connector, channels, compress } = this.#options;
		this.#given ??= typeof connector === "function" ? connector(host) : connector;
		compress?.check(this.#given);
		this.#connector ??= prefixed(this.#given, channels.prefix);
		return this.#connector;
	}

	/**
	 * Where requests may not share I/O, each has its own hub, which unsubscribes with it.
	 *
	 * @param connector what the streams of a request's own hub are made by.
	 */
	hubFor(host: unknown, connector: Connector = this.connect(host)): Hub {
		if (this.#shared !== undefined) return this.#shared;
		const shared = connector.scope === "process";
		const hub = new Hub(connector, {
			...this.#options,
			...this.#options.limits,
			perStream: this.#options.limits.perStream ?? connector.perStream,
			linger: shared ? this.#options.linger : 0,
			report: this.#report,
			counters: this.counters,
			compression: this.#options.compress,
		});
		if (this.#closed) hub.close();
		if (shared) this.#shared = hub;
		return hub;
	}

	/** Keeps the hub of a single request until its stream ends. */
	keep(hub: Hub): void {
		if (hub !== this.#shared) this.ofRequests.add(hub);
	}

	/** Closes the hub of a single request that keeps no stream. */
	release(hub: Hub): void {
		if (hub !== this.#shared) hub.close();
	}

	all(): Hub[] {
		return [...this.ofRequests, ...(this.#shared === undefined ? [] : [this.#shared])];
	}

	/** Lets `close()` wait for a reader of JSON. */
	async underWay<T>(reading: Promise<T>): Promise<T> {
		this.#readings.add(reading);
		try {
			return await reading;
		} finally {
			this.#readings.delete(reading);
		}
	}

	async close(): Promise<void> {
		this.#closed = true;
		for (const hub of this.all()) hub.close();
		await this.#connector?.close();
		if (this.#readings.size === 0) return;
		await Promise.allSettled(this.#readings);
		// A server that closes its connections next has the answers by then.
		await new Promise<void>(atEndOfTurn);
	}
}
