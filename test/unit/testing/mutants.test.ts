import { onTestFinished, test } from "vitest";
import type {
	Connector,
	History,
	OutgoingMessage,
	PublishOutcome,
	SendOptions,
	SubscriptionHandlers,
} from "../../../src/core/connector.ts";
import { connectorContract, testBroker } from "../../../src/testing.ts";

/**
 * Each of these connectors breaks one clause of the contract, and the tests of that clause must find it. A
 * suite that cannot fail would prove nothing.
 */
type Mutation = (connector: Connector, broker: ReturnType<typeof testBroker>) => Connector;

const onPublish =
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

const onPublishAll =
	(
		publishAll: (
			inner: Connector,
			messages: readonly OutgoingMessage[],
		) => Promise<PublishOutcome[]>,
	): Mutation =>
	(inner) => ({ ...inner, publishAll: (messages) => publishAll(inner, messages) });

const all = async (inner: Connector, messages: readonly OutgoingMessage[]) =>
	(await inner.publishAll?.(messages)) ?? [];

const onHandlers =
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

const onHistory =
	(change: (history: History) => Partial<History>): Mutation =>
	(inner) => {
		const { history } = inner;
		return history === undefined
			? inner
			: { ...inner, history: { ...history, ...change(history) } };
	};

const secret = "hunter2";

const mutations: [clause: string, what: string, mutate: Mutation][] = [
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
		"H1",
		"does not return the id",
		onPublish(async (inner, channel, payload) => {
			const { receivers } = await inner.publish(channel, payload);
			return { receivers };
		}),
	],
	[
		"H3",
		"reads the newest first",
		onHistory((history) => ({
			read: async (...args) => {
				const page = await history.read(...args);
				return { ...page, messages: page.messages.toReversed() };
			},
		})),
	],
	[
		"H4",
		"says that it covers everything",
		onHistory((history) => ({
			read: async (...args) => ({ ...(await history.read(...args)), covered: true }),
		})),
	],
	[
		"H4",
		"claims that an empty channel has lost nothing",
		onHistory((history) => ({
			read: async (...args) => {
				const page = await history.read(...args);
				const empty = { from: "~0-0", to: "~999999999999999-0" };
				return { ...page, covered: page.covered || args[1].startsWith("~"), empty };
			},
		})),
	],
	[
		"H5",
		"gives the start as the head of an empty channel",
		onHistory((history) => ({
			head: async (...args) => {
				const head = await history.head(...args);
				return head.startsWith("~") ? "0-0" : head;
			},
		})),
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
	["H8", "forgets keys", onPublish((inner, channel, payload) => inner.publish(channel, payload))],
	[
		"H9",
		"stores messages with keep: false",
		onPublish((inner, channel, payload, options) => {
			return inner.publish(channel, payload, { ...options, keep: true });
		}),
	],
	["H10", "does not carry out forget()", onHistory(() => ({ forget: async () => undefined }))],
	["H5", "gives the start as every head", onHistory(() => ({ head: async () => "0-0" }))],
	[
		"H7",
		"reads an empty history while the broker is gone",
		onHistory((history) => ({
			read: (...args) =>
				history.read(...args).catch(() => ({ covered: true, messages: [], more: false })),
		})),
	],
];

test.for(mutations)("%s finds a connector that %s", async ([clause, , mutate]) => {
	const plain = testBroker();
	const kept = testBroker({ history: { maxLength: 9 } });
	const cases: { name: string; run: () => Promise<void> }[] = [];
	const has = "it is not what this is about";
	const broker = {
		stop: async () => {
			plain.down();
			kept.down();
		},
		start: async () => {
			plain.up();
			kept.up();
		},
	};
	connectorContract(
		"a mutant",
		{
			connect: () => mutate(plain.connect(), plain),
			history: { connect: () => mutate(kept.connect(), kept) },
			broker,
			secrets: [secret],
			lacks: {
				...{ freeze: has, numsub: has, clients: has, publishes: has },
				...{ borrow: has, refused: has, runs: has, wipe: has },
			},
		},
		{
			describe: (_, register) => register(),
			test: (name, run) => cases.push({ name, run }),
		},
	);
	for (const { name, run } of cases) {
		if (!name.startsWith(`${clause}.`)) continue;
		const found = await run().then(
			() => false,
			() => true,
		);
		if (found) return;
	}
	throw new Error(`No test of ${clause} found it.`);
});
