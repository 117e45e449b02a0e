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

export interface UpstashOptions {
	/** The database's REST URL, `https://….upstash.io`. */
	url?: string | undefined;
	/** Its REST token. The read-only one is refused every publish. */
	token?: string | undefined;
	/** How long one request may take to be answered, in ms. Default: 5000, for a far region and a cold start. */
	timeout?: number;
	/**
	 * How long a stream may say nothing, in ms, before it is renewed; `Infinity`: for ever.
	 * Default: 240,000 (4 minutes), for Node ends a response that is silent for 5.
	 *
	 * A renewal is one billed SUBSCRIBE. A channel on which nothing happens so costs 15 commands an
	 * hour, 10,800 in 30 days; one on which something always does costs none. A connection that
	 * died unnoticed is found within this time plus about a second.
	 */
	maxSilence?: number;
	/** The longest pause between two tries to get a lost stream back, in ms. Default: 5000. */
	maxBackoff?: number;
	/**
	 * Whose the requests to Upstash are. `process`: a subscription may serve every request of this
	 * process. `request`: each request subscribes for itself, as Cloudflare Workers demand. Default: as
	 * the host is found to be. Inside a Durable Object, where all requests share I/O, pass `process`.
	 */
	scope?: "process" | "request";
	/**
	 * Keeps messages in a stream per channel, so that clients can come back to where they left off.
	 * Default: none are kept. A publish is one command all the same; opening a channel and coming back to it
	 * are one each, and so is a renewal's look at what it may have missed.
	 */
	history?: RedisHistoryOptions | undefined;
}

/**
 * Upstash Redis over its REST API: for hosts without TCP, and for every other.
 *
 * A publish is one command. A subscription is one request that stays open, one command each time that it is
 * opened, and none for what it brings. On Cloudflare Workers each request subscribes for itself.
 *
 * Bun has 256 requests open at a time, unless BUN_CONFIG_MAX_HTTP_REQUESTS says more. Each channel is one:
 * with the 257th neither a subscription nor a publish gets through.
 *
 * The API is made of lines, so each line break in a payload goes out as a space. In JSON they stand between
 * values, where a space means the same.
 *
 * @param options without `url` and `token`, the environment's `UPSTASH_REDIS_REST_URL` and
 *   `UPSTASH_REDIS_REST_TOKEN`, else Vercel's `KV_REST_API_URL` and `KV_REST_API_TOKEN`.
 * @throws {ConfigurationError} when there is no usable pair of a URL and a token.
 * @throws {TypeError} when a time is not a number above 0.
 * @see https://upstash.com/docs/redis/features/restapi
 */
export function upstash(options: UpstashOptions = {}): Connector {
	return new UpstashConnector(options);
}

/** What goes to the constructor of @upstash/redis, or is one of its clients. */
const advice: Advice = [
	["Did you mean url?", "restUrl endpoint host"],
	["Did you mean token?", "restToken password"],
	["Write timeout, in ms.", "signal"],
	["Write history: { maxLength, maxAge }.", "maxLength maxAge"],
	["Pass { url, token }, and no client of @upstash/redis.", "client opts autoPipelineExecutor"],
	[
		"Every request is made once, as it is; leave it out.",
		"retry automaticDeserialization responseEncoding cache keepAlive agent enableTelemetry enableAutoPipelining readYourWrites latencyLogging",
	],
];

/** In ms. On top of a round trip: a live stream is not slower than that behind another. */
const grace = 1_000;

class UpstashConnector implements Connector {
	readonly name = "upstash";
	readonly scope: "process" | "request";
	readonly history: RedisHistory | undefined;
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
		if (store !== undefined) this.history = new RedisHistory(store, run, sentWhole);
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
			// On Workers one request must not wait for what another one does.
			this.scope === "process" ? this.#supervision : { ...this.#supervision },
			channel,
			handlers,
			(done) => this.#subscriptions.delete(done),
		);
		this.#subscriptions.add(subscription);
		await subscription.start();
		return subscription;
	}

	/** Ends every subscription, and waits for the publishes under way, which their timeout bounds. */
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
