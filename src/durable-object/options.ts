import type { HistoryOptions } from "../core/connector.ts";
import type { StreamBudget } from "../core/delivery/budget.ts";
import { ConfigurationError } from "../core/errors.ts";
import { checkNames } from "../core/known-names.ts";

/** The options of `durableObject()`. */
export interface DurableObjectOptions {
	/**
	 * How long an object may take to answer, in ms.
	 *
	 * @defaultValue `3_000`
	 */
	timeout?: number;
	/**
	 * Keeps messages in the objects' SQLite storage, so that clients that reconnect get what they
	 * missed. The limits are this Worker's and go along with each call: the class needs no
	 * setting. A channel's messages are freed when `maxAge` has passed without a publish.
	 *
	 * An object that relays (`upstream()`) keeps none itself. Its upstream must have a history,
	 * whose own limits hold.
	 *
	 * @defaultValue none: nothing is kept
	 */
	history?: HistoryOptions | undefined;
	/**
	 * Who holds the streams. `"worker"`: the Worker does, and a WebSocket ties it to the channel's
	 * object, which sleeps, unbilled, while nothing is published. `"object"`: the object does, and
	 * is billed for as long as a stream is open. The Worker then spends no CPU per event, and an
	 * event costs the object once for all its streams.
	 *
	 * Streams of several channels are held by the Worker in both forms. An object that relays
	 * (`upstream()`) never sleeps.
	 *
	 * @defaultValue `"object"`
	 */
	hold?: "worker" | "object" | undefined;
	/**
	 * The plan, which limits the CPU time of the request that holds a stream: 10 ms on the free
	 * one, 30 s on a paid one. Streams that the Worker holds end before that, and their clients
	 * reconnect: after 40 events and 128 KiB, or after 100,000 and 512 MiB. A silence of 8 s counts
	 * as an event. `limits: { perStream }` of `ServerSentEvents` sets it otherwise.
	 *
	 * @defaultValue `"paid"`
	 */
	plan?: "free" | "paid" | undefined;
}

/**
 * By what was measured on workerd: 165 µs for an event or a silence, 14 ns for a byte. That counts
 * all of workerd, so it is more than the platform counts.
 */
export const streamBudgets: Readonly<Record<"free" | "paid", StreamBudget>> = {
	free: { writes: 40, bytes: 131_072 },
	paid: { writes: 100_000, bytes: 536_870_912 },
};

/**
 * Who holds the streams, and what one of them may be sent.
 *
 * @throws {TypeError} for an unknown option.
 * @throws {ConfigurationError} when `hold` or `plan` is none of its words.
 */
export function checkedHolding(options: DurableObjectOptions): {
	hold: "worker" | "object";
	perStream: StreamBudget;
} {
	checkNames(
		"durableObject(): ",
		options,
		["timeout history hold plan"],
		[
			["Write history: { maxLength, maxAge }.", "maxLength maxAge"],
			["Set it in the class: extend SseChannel with options = { keepAlive }.", "keepAlive"],
			["Leave it out: each request has its own.", "scope"],
		],
	);
	const { hold = "object", plan = "paid" } = options;
	if (hold !== "worker" && hold !== "object") {
		throw new ConfigurationError(
			'durableObject(): hold: must be "worker" (objects sleep while streams are silent) or ' +
				'"object" (the Worker spends no CPU per event).',
		);
	}
	if (plan !== "free" && plan !== "paid") {
		throw new ConfigurationError('durableObject(): plan: must be "free" or "paid".');
	}
	return { hold, perStream: streamBudgets[plan] };
}
