import type {
	Connector,
	OutgoingMessage,
	PresenceBasis,
	PublishOutcome,
	PublishResult,
	SendOptions,
	Subscription,
	SubscriptionHandlers,
} from "../../core/connector.ts";
import { ConfigurationError, closedError } from "../../core/errors.ts";
import { RedisHistory } from "../shared/redis-history.ts";
import { RedisRuns } from "../shared/redis-runs.ts";
import { sentWhole } from "../shared/redis-script.ts";
import { scopeOf } from "../shared/scope.ts";
import type { Fallback } from "./fallback.ts";
import type { UpstashSettings } from "./options.ts";
import type { OwnSubscription } from "./own-subscription.ts";
import { UpstashPublishing } from "./publishing.ts";
import type { Supervision } from "./renewal.ts";
import type { Rest } from "./rest.ts";
import { UpstashSender } from "./sender.ts";
import { SupervisedSubscription } from "./subscription.ts";

/** Added to a round trip, in ms: a live stream delivers no later than this after another. */
const grace = 1_000;

export class UpstashConnector implements Connector {
	readonly scope: "process" | "request";
	readonly history: RedisHistory | undefined;
	readonly runs: RedisRuns | undefined;
	readonly presence: PresenceBasis<Connector>;
	readonly #sender: UpstashSender;
	readonly #publishing: UpstashPublishing;
	readonly #supervision: Supervision;
	readonly #fallback: Fallback | undefined;
	readonly #subscriptions = new Set<OwnSubscription>();

	constructor(rest: Rest, options: UpstashSettings) {
		this.scope = scopeOf("upstash", options.scope);
		const timeout = positive("timeout", options.timeout ?? 5_000);
		this.#sender = new UpstashSender(rest, timeout, options.history);
		this.#publishing = new UpstashPublishing(this.#sender, timeout, this.scope);
		const { store, run } = this.#sender;
		this.presence =
			options.presence === true
				? { kind: "redis", run, sendsWhole: true, keyPrefix: "sse:presence:" }
				: { kind: "none", why: "each command is billed. Ask for it: upstash({ presence: true })" };
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
		this.#fallback = this.#attach(options.fallback);
	}

	get name(): string {
		return this.#fallback?.isUsed ? "upstash, polling" : "upstash";
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
		// On Workers one request must not wait for another's I/O.
		const supervision = this.scope === "process" ? this.#supervision : { ...this.#supervision };
		const onDone = (done: OwnSubscription) => this.#subscriptions.delete(done);
		const subscription =
			this.#fallback?.subscription(supervision, channel, handlers, onDone) ??
			new SupervisedSubscription(supervision, channel, handlers, onDone);
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

	#attach(fallback: UpstashSettings["fallback"]): Fallback | undefined {
		if (fallback === undefined) return undefined;
		if (typeof fallback?.attach !== "function") {
			throw new TypeError("upstash(): fallback: must be what polling() returns.");
		}
		const { scope, history } = this;
		const { store, run } = this.#sender;
		if (history === undefined || store === undefined) {
			throw new ConfigurationError(
				"upstash(): fallback: polling() reads messages from the history, and nothing is kept. Add history: {}, or leave the fallback out.",
			);
		}
		return fallback.attach({ scope, history, store, run, supervision: this.#supervision });
	}
}

function positive(name: string, value: number): number {
	if (value > 0) return value;
	throw new TypeError(`${name} must be a number of milliseconds above 0.`);
}
