/**
 * Upstash Redis over its REST API, for hosts with and without TCP.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { upstash } from "edge-sse/upstash";
 *
 * const connector = upstash({ url: "https://eu1.upstash.io", token: "…" });
 * const sse = new ServerSentEvents({ connector });
 * await sse.publish("Hello!", { channel: "news" });
 * ```
 *
 * @module
 */

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
import { type Advice, checkNames } from "../core/known-names.ts";
import { RedisHistory } from "./shared/redis-history.ts";
import { RedisRuns } from "./shared/redis-runs.ts";
import { sentWhole } from "./shared/redis-script.ts";
import type { RedisHistoryOptions } from "./shared/redis-store.ts";
import { scopeOf } from "./shared/scope.ts";
import { credentials } from "./upstash/credentials.ts";
import { UpstashPublishing } from "./upstash/publishing.ts";
import type { Supervision } from "./upstash/renewal.ts";
import { Rest } from "./upstash/rest.ts";
import { UpstashSender } from "./upstash/sender.ts";
import { SupervisedSubscription } from "./upstash/subscription.ts";

export type { RedisHistoryOptions } from "./shared/redis-store.ts";

/** The options of `upstash()`. */
export interface UpstashOptions {
	/**
	 * The database's REST URL, `https://….upstash.io`.
	 *
	 * @defaultValue `UPSTASH_REDIS_REST_URL`, else `KV_REST_API_URL`
	 */
	url?: string | undefined;
	/**
	 * Its REST token. With the read-only token every publish is refused.
	 *
	 * @defaultValue `UPSTASH_REDIS_REST_TOKEN`, else `KV_REST_API_TOKEN`
	 */
	token?: string | undefined;
	/**
	 * How long one request may take to be answered, in ms. The default suits a far region and a
	 * cold start.
	 *
	 * @defaultValue `5_000`
	 */
	timeout?: number;
	/**
	 * How long a subscription may be silent before it is renewed, in ms; `Infinity`: for ever.
	 * The default is below the 5 minutes after which Node ends a silent response.
	 *
	 * A renewal is one billed SUBSCRIBE: 15 commands an hour, 10,800 in 30 days, for a silent
	 * channel. A busy channel costs none. A connection that died unnoticed is found within this
	 * time plus about a second.
	 *
	 * @defaultValue `240_000`: 4 minutes
	 */
	maxSilence?: number;
	/**
	 * The longest pause between two attempts to restore a lost subscription, in ms.
	 *
	 * @defaultValue `5_000`
	 */
	maxBackoff?: number;
	/**
	 * Who may share a subscription. `process`: it may serve every request of this process.
	 * `request`: each request subscribes for itself, which Cloudflare Workers require. Inside a
	 * Durable Object, where all requests share I/O, pass `process`.
	 *
	 * @defaultValue `request` on Cloudflare Workers, else `process`
	 */
	scope?: "process" | "request";
	/**
	 * Keeps messages in one stream per channel, so that clients that reconnect get what they
	 * missed. A publish is still one command. Opening a channel, resuming it, and checking a
	 * renewal for missed messages are one command each.
	 *
	 * @defaultValue none: nothing is kept
	 */
	history?: RedisHistoryOptions | undefined;
}

/**
 * Upstash Redis over its REST API, for hosts with and without TCP.
 *
 * A publish is one command. A subscription is one request that stays open: one command when it
 * opens, and none for its messages. On Cloudflare Workers each request subscribes for itself.
 *
 * Bun allows 256 open requests, unless BUN_CONFIG_MAX_HTTP_REQUESTS says more. Each channel is
 * one: with the 257th, neither a subscription nor a publish gets through.
 *
 * The API is made of lines, so each line break in a payload becomes a space. In JSON, line
 * breaks stand between values, where a space means the same.
 *
 * @example
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { upstash } from "edge-sse/upstash";
 *
 * const sse = new ServerSentEvents({ connector: upstash() }); // URL and token from the environment
 * ```
 *
 * @throws {ConfigurationError} when there is no usable pair of a URL and a token.
 * @throws {TypeError} when a time is not a number above 0.
 * @see https://upstash.com/docs/redis/features/restapi
 */
export function upstash(options: UpstashOptions = {}): Connector {
	return new UpstashConnector(options);
}

/** Options of the constructor of @upstash/redis, and fields of its clients. */
const advice: Advice = [
	["Did you mean url?", "restUrl endpoint host"],
	["Did you mean token?", "restToken password"],
	["Write timeout, in ms.", "signal"],
	["Write history: { maxLength, maxAge }.", "maxLength maxAge"],
	["Pass { url, token }, and no client of @upstash/redis.", "client opts autoPipelineExecutor"],
	[
		"Leave it out: every request is sent once, unchanged.",
		"retry automaticDeserialization responseEncoding cache keepAlive agent enableTelemetry enableAutoPipelining readYourWrites latencyLogging",
	],
];

/** Added to a round trip, in ms: a live stream delivers no later than this after another. */
const grace = 1_000;

class UpstashConnector implements Connector {
	readonly name = "upstash";
	readonly scope: "process" | "request";
	readonly history: RedisHistory | undefined;
	readonly runs: RedisRuns | undefined;
	readonly #sender: UpstashSender;
	readonly #publishing: UpstashPublishing;
	readonly #supervision: Supervision;
	readonly #subscriptions = new Set<SupervisedSubscription>();

	constructor(options: UpstashOptions) {
		checkNames(
			"upstash(): ",
			options,
			["url token timeout maxSilence maxBackoff scope history"],
			advice,
		);
		this.scope = scopeOf("upstash", options.scope);
		const { url, token } = credentials(options);
		const rest = new Rest(url, token);
		const timeout = positive("timeout", options.timeout ?? 5_000);
		this.#sender = new UpstashSender(rest, timeout, options.history);
		this.#publishing = new UpstashPublishing(this.#sender, timeout, this.scope);
		const { store, run } = this.#sender;
		if (store !== undefined) {
			this.history = new RedisHistory(store, run, sentWhole);
			this.runs = new RedisRuns(store, { run, scripts: sentWhole, command: "PUBLISH" });
		}
		this.#supervision = {
			keepsHistory: this.history !== undefined,
			rest,
			timeout,
			maxSilence: positive("maxSilence", options.maxSilence ?? 240_000),
			maxBackoff: positive("maxBackoff", options.maxBackoff ?? 5_000),
			grace,
			renewing: false,
			renewedAt: 0,
		};
	}

	async publish(channel: string, payload: string, options?: SendOptions): Promise<PublishResult> {
		return this.#publishing.publish(channel, payload, options);
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		return this.#publishing.publishAll(messages);
	}

	async check(): Promise<void> {
		this.#sender.check();
		await this.#sender.run("", () => ["PING"]);
	}

	async subscribe(channel: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		this.#sender.check(channel);
		const subscription = new SupervisedSubscription(
			// On Workers one request must not wait for another's I/O.
			this.scope === "process" ? this.#supervision : { ...this.#supervision },
			channel,
			handlers,
			(done) => this.#subscriptions.delete(done),
		);
		this.#subscriptions.add(subscription);
		await subscription.start();
		return subscription;
	}

	/** Ends every subscription, and waits for running publishes, which their timeout bounds. */
	async close(): Promise<void> {
		const publishing = this.#publishing.close();
		for (const subscription of [...this.#subscriptions]) {
			subscription.end(closedError("upstash connector"));
		}
		await publishing;
	}
}

function positive(name: string, value: number): number {
	if (value > 0) return value;
	throw new TypeError(`${name} must be a number of milliseconds above 0.`);
}
