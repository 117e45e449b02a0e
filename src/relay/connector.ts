import { scopeOf } from "../connectors/shared/scope.ts";
import { assertWellFormed } from "../connectors/shared/well-formed.ts";
import type {
	Connector,
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	SendOptions,
	Subscription,
	SubscriptionHandlers,
} from "../core/connector.ts";
import { closedError } from "../core/errors.ts";
import type { RelayOptions } from "./options.ts";
import { RelayPublishing } from "./publishing.ts";
import { mismatch, Requests, type UpstreamSettings } from "./requests.ts";
import { type Ask, RelayHistory, RelayRuns } from "./store.ts";
import { Upstream } from "./upstream.ts";

/** How long an answer that there is no circle of hubs counts, in ms. */
const traceFor = 30_000;

/** How many such answers are kept. */
const mostTraces = 100;

/** A connector whose broker is another hub's. */
export class RelayConnector implements Connector {
	readonly name = "relay";
	readonly scope: "process" | "request";
	readonly presence = {
		kind: "none",
		why: "members are counted where the broker is. Give the presence to the root",
	} as const;
	readonly history: RelayHistory | undefined;
	readonly runs: RelayRuns | undefined;
	/** Identifies this relay among those that a request passes. */
	readonly id = crypto.randomUUID();
	readonly #settings: UpstreamSettings;
	readonly #publishing: RelayPublishing;
	readonly #upstreams = new Set<Upstream>();
	readonly #traces = new Map<string, number>();
	#closed = false;

	constructor(url: string, { token, timeout = 5_000, history = false, scope }: RelayOptions) {
		this.scope = scopeOf("relay", scope);
		const requests = new Requests(url, token, timeout);
		const via = [this.id];
		this.#settings = { requests, via, history };
		const ask: Ask = async (asked) => {
			this.#check();
			return requests.ask(asked, via);
		};
		this.#publishing = new RelayPublishing(ask, timeout, this.scope);
		if (!history) return;
		this.history = new RelayHistory(ask);
		this.runs = new RelayRuns(ask);
	}

	async publish(channel: string, payload: string, options?: SendOptions): Promise<PublishResult> {
		this.#check(channel, payload);
		return this.#publishing.publish(channel, payload, options);
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		for (const { channel, payload } of messages) this.#check(channel, payload);
		return this.#publishing.publishAll(messages);
	}

	async subscribe(channel: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		this.#check(channel);
		const upstream = this.#upstream();
		if (this.scope === "process") return upstream.subscribe(channel, handlers);
		try {
			const { position, unsubscribe } = await upstream.subscribe(channel, handlers);
			const leave = async () => {
				this.#upstreams.delete(upstream);
				await unsubscribe();
			};
			return { position, unsubscribe: leave };
		} catch (error) {
			this.#upstreams.delete(upstream);
			throw error;
		}
	}

	async check(): Promise<void> {
		this.#check();
		const { requests, via, history } = this.#settings;
		const facts = await requests.ask({ op: "check" }, via);
		if (facts.history !== history) throw mismatch(history);
	}

	/**
	 * Asks the hubs above whether a request that has passed these relays would come back to one of them.
	 *
	 * @throws {ConnectorError} `refused` when it would, `unavailable` when a hub does not answer.
	 */
	async trace(via: readonly string[]): Promise<void> {
		const way = via.join(",");
		const now = performance.now();
		if (now < (this.#traces.get(way) ?? Number.NEGATIVE_INFINITY) + traceFor) return;
		await this.#settings.requests.ask({ op: "check" }, [...via, this.id]);
		this.#traces.delete(way);
		this.#traces.set(way, now);
		for (const oldest of this.#traces.keys()) {
			if (this.#traces.size <= mostTraces) break;
			this.#traces.delete(oldest);
		}
	}

	async close(): Promise<void> {
		this.#closed = true;
		for (const upstream of this.#upstreams) upstream.close();
		this.#upstreams.clear();
		await this.#publishing.close();
	}

	/** On Workers each subscription has its own: a request there must not wait for another's I/O. */
	#upstream(): Upstream {
		const [shared] = this.scope === "process" ? this.#upstreams : [];
		const upstream = shared ?? new Upstream(this.#settings);
		this.#upstreams.add(upstream);
		return upstream;
	}

	#check(channel = "", payload = ""): void {
		if (this.#closed) throw closedError("relay");
		assertWellFormed("channel", channel);
		assertWellFormed("payload", payload);
	}
}
