import type { ClientEvent } from "./types.ts";

/**
 * What is heard, for an async iterator. It listens with the first `next()`, and queues what has
 * not been read yet.
 *
 * @param client calls `hear` for an event, and `end` when no more comes, once or several times.
 *   What is queued can still be read then, and then the error is thrown, if there is one.
 */
export function iterate<T extends ClientEvent>(
	client: {
		on(
			type: string,
			hear: (data: unknown, event: T) => void,
			end: (error?: unknown) => void,
		): () => void;
	},
	types: readonly string[],
): AsyncIterableIterator<T> {
	const unread: T[] = [];
	let stops: (() => void)[] = [];
	let wake: (() => void) | undefined;
	let over: [error?: unknown] | undefined;
	const end = (error?: unknown): void => {
		over ??= [error];
		for (const stop of stops) stop();
		wake?.();
	};
	const items = (async function* (): AsyncGenerator<T, void> {
		const hear = (_: unknown, event: T): void => {
			unread.push(event);
			wake?.();
		};
		stops = types.map((type) => client.on(type, hear, end));
		while (!over || unread[0]) {
			if (!unread[0]) {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
			// Taken one by one from the front, a long queue would be moved each time.
			yield* unread.splice(0);
		}
		if (over[0]) throw over[0];
	})();
	const leave = items.return;
	items.return = (value) => {
		// A generator that waits would not be woken by its own `return()`.
		end();
		return leave.call(items, value);
	};
	return items;
}
