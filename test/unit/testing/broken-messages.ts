import { onTestFinished } from "vitest";
import type { Connector, SubscriptionHandlers } from "../../../src/core/connector.ts";
import { all, type Mutant, onHandlers, onPublish, onPublishAll, secret } from "./mutation.ts";

/** Connectors that break a clause about messages, subscriptions or their end. */
export const brokenMessages: Mutant[] = [
	[
		"C1",
		"starts a timer when it is made",
		(inner) => {
			const timer = setTimeout(() => undefined, 60_000);
			onTestFinished(() => clearTimeout(timer));
			return inner;
		},
	],
	[
		"E1",
		"trims payloads",
		onPublish((inner, channel, text) => inner.publish(channel, text.trim())),
	],
	["E1", "has a credential in its name", (inner) => ({ ...inner, name: `at ${secret}` })],
	[
		"E1",
		"has a credential in the cause of an error",
		onPublish((inner, channel, payload) =>
			inner.publish(channel, payload).catch((error: Error) => {
				const cause = Object.defineProperty(new Error("away"), "url", { value: `u:${secret}@h` });
				throw Object.assign(error, { cause });
			}),
		),
	],
	[
		"P1",
		"delivers twice",
		onPublish(async (inner, channel, payload) => {
			await inner.publish(channel, payload);
			return inner.publish(channel, payload);
		}),
	],
	[
		"P2",
		"counts itself",
		onPublish(async (inner, channel, payload) => {
			const { receivers } = await inner.publish(channel, payload);
			return { receivers: receivers + 1 };
		}),
	],
	[
		"P3",
		"swaps each two messages",
		onHandlers((handlers) => {
			let held: string | undefined;
			return {
				onMessage: (payload) => {
					if (held === undefined) held = payload;
					else {
						handlers.onMessage(payload);
						handlers.onMessage(held);
						held = undefined;
					}
				},
			};
		}),
	],
	[
		"P4",
		"swallows a publish while the broker is gone",
		onPublish((inner, channel, payload) =>
			inner.publish(channel, payload).catch(() => ({ receivers: 0 })),
		),
	],
	[
		"S2",
		"resolves a subscription while the broker is gone",
		(inner) => ({
			...inner,
			subscribe: (channel, handlers) =>
				inner.subscribe(channel, handlers).catch(() => ({ unsubscribe: async () => undefined })),
		}),
	],
	[
		"S3",
		"shares a subscription between calls with the same handlers",
		(inner) => {
			const known = new Map<SubscriptionHandlers, ReturnType<Connector["subscribe"]>>();
			return {
				...inner,
				subscribe: (channel, handlers) => {
					const subscribing = known.get(handlers) ?? inner.subscribe(channel, handlers);
					known.set(handlers, subscribing);
					return subscribing;
				},
			};
		},
	],
	[
		"S4",
		"hides an error that a handler throws",
		onHandlers((handlers) => ({
			onMessage: (payload) => {
				try {
					handlers.onMessage(payload);
				} catch {
					// The fault: nobody hears of the error.
				}
			},
		})),
	],
	[
		"S5",
		"reports a loss twice",
		onHandlers((handlers) => ({
			onLost: (error) => {
				handlers.onLost(error);
				handlers.onLost(error);
			},
		})),
	],
	[
		"S6",
		"treats names that differ in case as the same",
		(inner) => ({
			...inner,
			publish: (channel, payload) => inner.publish(channel.toLowerCase(), payload),
			subscribe: (channel, handlers) => inner.subscribe(channel.toLowerCase(), handlers),
		}),
	],
	[
		"U1",
		"rejects a second unsubscribe",
		(inner) => ({
			...inner,
			subscribe: async (channel, handlers) => {
				const { unsubscribe } = await inner.subscribe(channel, handlers);
				let left = false;
				return {
					unsubscribe: async () => {
						if (left) throw new Error("It has left.");
						left = true;
						await unsubscribe();
					},
				};
			},
		}),
	],
	[
		"U2",
		"delivers messages after unsubscribe",
		(inner) => ({
			...inner,
			subscribe: async (channel, handlers) => {
				await inner.subscribe(channel, handlers);
				return { unsubscribe: async () => undefined };
			},
		}),
	],
	["K1", "always passes its check", (inner) => ({ ...inner, check: async () => undefined })],
	["X1", "does not report its end", onHandlers(() => ({ onEnd: () => undefined }))],
	[
		"X2",
		"publishes after its end",
		(inner, broker) => ({
			...inner,
			publish: (channel, payload) => broker.publish(channel, payload),
		}),
	],
	[
		"P3",
		"delays every other publish",
		(() => {
			let count = 0;
			return onPublish(async (inner, channel, payload, options) => {
				if (count++ % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
				return inner.publish(channel, payload, options);
			});
		})(),
	],
	[
		"B1",
		"publishes a batch in reverse order",
		onPublishAll((inner, list) => all(inner, list.toReversed())),
	],
	[
		"B2",
		"leaves out an outcome",
		onPublishAll(async (inner, list) => (await all(inner, list)).slice(1)),
	],
	[
		"B2",
		"rejects a batch while the broker is gone",
		onPublishAll(async (inner, list) => {
			const outcomes = await all(inner, list);
			for (const { error } of outcomes) if (error !== undefined) throw error;
			return outcomes;
		}),
	],
];
