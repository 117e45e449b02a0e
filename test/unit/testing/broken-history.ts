import { type Mutant, onHistory, onPublish } from "./mutation.ts";

/** Connectors that break a clause about ids and the history. */
export const brokenHistory: Mutant[] = [
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
