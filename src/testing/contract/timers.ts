/** Something that is watched until the end of a test. */
export interface Watch {
	stop(): void;
}

/**
 * Watches timers that are started through the global functions, `unref`'d ones included. The
 * suite's own waiting does not count.
 */
export interface TimerWatch extends Watch {
	/** Timers that have neither fired nor been cleared. */
	readonly open: number;
	/** All timers that were started. */
	readonly started: number;
}

type AnyFunction = (...args: unknown[]) => unknown;
type Timers = Record<"setTimeout" | "setInterval" | "clearTimeout" | "clearInterval", AnyFunction>;

export function watchTimers(): TimerWatch {
	const timers = globalThis as unknown as Timers;
	const { setTimeout, setInterval, clearTimeout, clearInterval } = timers;
	const open = new Set<unknown>();
	let started = 0;

	timers.setTimeout = (run, ...rest) => {
		const handle = setTimeout(
			(...args: unknown[]) => {
				open.delete(handle);
				(run as AnyFunction)(...args);
			},
			...rest,
		);
		started++;
		open.add(handle);
		return handle;
	};
	timers.setInterval = (...args) => {
		const handle = setInterval(...args);
		started++;
		open.add(handle);
		return handle;
	};
	// Either function clears both kinds.
	timers.clearTimeout = (handle) => {
		open.delete(handle);
		return clearTimeout(handle);
	};
	timers.clearInterval = (handle) => {
		open.delete(handle);
		return clearInterval(handle);
	};
	return {
		get open() {
			return open.size;
		},
		get started() {
			return started;
		},
		stop: () => {
			Object.assign(timers, { setTimeout, setInterval, clearTimeout, clearInterval });
		},
	};
}
