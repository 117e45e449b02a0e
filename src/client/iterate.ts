/**
 * What is heard, for an async iterator. It queues what has not been read yet.
 *
 * @param listen is called with the first `next()`, and returns what stops it. `end` tells that
 *   no more comes. What is queued can still be read, and then the error is thrown, if there is one.
 */
export function iterate<T>(
	listen: (put: (value: T) => void, end: (error?: unknown) => void) => () => void,
): AsyncIterableIterator<T> {
	const unread: T[] = [];
	let stop: (() => void) | undefined;
	let wake: (() => void) | undefined;
	let isOver = false;
	let failure: unknown;
	const end = (error?: unknown): void => {
		if (isOver) return;
		isOver = true;
		failure = error;
		stop?.();
		wake?.();
	};
	const items = (async function* (): AsyncGenerator<T, void> {
		stop = listen((value) => {
			unread.push(value);
			wake?.();
		}, end);
		for (;;) {
			if (unread.length > 0) yield unread.shift() as T;
			else if (isOver) break;
			else {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
		}
		if (failure) throw failure;
	})();
	const leave = items.return;
	items.return = (value) => {
		unread.length = 0;
		// A generator that waits would not be woken by its own `return()`.
		end();
		return leave.call(items, value);
	};
	return items;
}
