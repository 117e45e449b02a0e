import type { PublishOutcome } from "../core/connector.ts";
import type { PublishChannel, Published, PublishMessage, PublishOptions } from "../core/publish.ts";
import type { Publisher } from "../core/publisher.ts";
import { PublishTarget } from "./target.ts";

/**
 * Publishes one event, to a channel or to a list of channels.
 *
 * @example
 * ```ts
 * import { publish, redis } from "edge-sse/publish";
 *
 * const target = redis("redis://localhost:6379", { history: {} });
 * await publish(target, { id: 7 }, { type: "order", channel: "orders", key: "order 7" });
 * ```
 *
 * @returns how many subscriptions received it, and its id in the history. For a list of
 *   channels: an outcome for each.
 * @throws {TypeError} when a field breaks its rule, or JSON cannot carry the data.
 * @throws {ConnectorError} when the broker could not be reached, or refused.
 */
export async function publish<Channel extends PublishChannel = string>(
	target: PublishTarget,
	data: unknown,
	options: PublishOptions<Channel> = {},
): Promise<Published<Channel>> {
	return (await publisherOf(target).publish(data, options)) as Published<Channel>;
}

/**
 * Publishes up to 1,000 messages of up to 1 MiB together, in few requests.
 *
 * @example
 * ```ts
 * import { publishAll, upstash } from "edge-sse/publish";
 *
 * const messages = [{ data: 1, channel: "a" }, { data: 2, channel: "b" }];
 * for (const { error } of await publishAll(upstash(), messages)) if (error) console.error(error);
 * ```
 *
 * @returns an outcome for each message: `{ receivers, id? }` or `{ error }`.
 * @throws {TypeError} when a message breaks a rule, or when there are too many or too large
 *   messages.
 */
export async function publishAll(
	target: PublishTarget,
	messages: readonly PublishMessage[],
): Promise<PublishOutcome[]> {
	return publisherOf(target).publishAll(messages);
}

function publisherOf(target: PublishTarget): Publisher {
	if (target instanceof PublishTarget) return target.publisher;
	throw new TypeError(
		'publish(): the target must be made by upstash(), redis() or durableObject() of "edge-sse/publish".',
	);
}
