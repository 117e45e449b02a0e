import type { RedisHistoryOptions } from "../shared/redis-store.ts";
import type { UpstashFallback } from "./fallback.ts";

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
	 * A renewal is one billed SUBSCRIBE. A silent channel costs 15 commands an hour, or 10,800 in
	 * 30 days. A busy channel costs none. A connection that died unnoticed is found within this
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
	/**
	 * How channels are followed where a plan or a proxy allows no stream: `polling()`. It needs
	 * `history`. Without it such a subscription fails, because polls are billed as long as somebody
	 * listens.
	 *
	 * @defaultValue none: a refused stream is an error
	 */
	fallback?: UpstashFallback | undefined;
	/**
	 * Whether `edge-sse/presence` may keep its members in this database. Each join and each leave is 3 to 4 commands, and
	 * a process with streams costs 360 an hour, with its default `ttl`.
	 *
	 * @defaultValue `false`
	 */
	presence?: boolean | undefined;
}

/** Those that go with a client, which knows where its database is. */
export type UpstashSettings = Omit<UpstashOptions, "url" | "token">;
