import { add } from "./host.ts";
import type { ClientEvent } from "./types.ts";

/**
 * What is heard, for an async iterator. It listens with the first `next()`, and queues what has
 * not been read yet.
 *
 * @param ends is what tells it that no more comes, once or several times. What is queued can still
 *   be read, and then the error is thrown, if there is one.
 */
export function iterate<T extends ClientEvent>(
	client: { on(type: never, listener: (data: unknown, event: T) => void): () => void },
	types: readonly string[],
	ends: Set<(error?: unknown) => void>,
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
		stops = types.map((type) =>
			client.on(type as never, (_, event) => {
				unread.push(event);
				wake?.();
			}),
		);
		stops.push(add(ends, end));
		while (!over || unread.length > 0) {
			if (unread.length > 0) yield unread.shift() as T;
			else {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
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
