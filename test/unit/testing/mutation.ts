import type {
	Connector,
	History,
	OutgoingMessage,
	PublishOutcome,
	SendOptions,
	SubscriptionHandlers,
} from "../../../src/core/connector.ts";
import type { testBroker } from "../../../src/testing.ts";

/** Makes a connector break one clause of the contract. */
export type Mutation = (connector: Connector, broker: ReturnType<typeof testBroker>) => Connector;

export const onPublish =
	(
		publish: (
			inner: Connector,
			channel: string,
			payload: string,
			options: SendOptions | undefined,
		) => ReturnType<Connector["publish"]>,
	): Mutation =>
	(inner) => ({
		...inner,
		publish: (channel, payload, options) => publish(inner, channel, payload, options),
	});

export const onPublishAll =
	(
		publishAll: (
			inner: Connector,
			messages: readonly OutgoingMessage[],
		) => Promise<PublishOutcome[]>,
	): Mutation =>
	(inner) => ({ ...inner, publishAll: (messages) => publishAll(inner, messages) });

export const all = async (inner: Connector, messages: readonly OutgoingMessage[]) =>
	(await inner.publishAll?.(messages)) ?? [];

export const onHandlers =
	(change: (handlers: SubscriptionHandlers) => Partial<SubscriptionHandlers>): Mutation =>
	(inner) => ({
		...inner,
		subscribe: (channel, handlers) =>
			inner.subscribe(channel, {
				onMessage: (payload) => handlers.onMessage(payload),
				onLost: (error) => handlers.onLost(error),
				onRestored: () => handlers.onRestored(),
				onEnd: (error) => handlers.onEnd(error),
				...change(handlers),
			}),
	});

export const onHistory =
	(change: (history: History) => Partial<History>): Mutation =>
	(inner) => {
		const { history } = inner;
		return history === undefined
			? inner
			: { ...inner, history: { ...history, ...change(history) } };
	};

export const secret = "hunter2";

export type Mutant = [clause: string, what: string, mutate: Mutation];
