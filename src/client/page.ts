import type { Tab } from "./tab.ts";
import type { ClientState } from "./types.ts";

/**
 * Lets a tab leave and join as its page is frozen, shown or back on line.
 *
 * @returns what ends that.
 */
export function watchPage(tab: Tab, setState: (state: ClientState) => void): AbortController {
	const page = new AbortController();
	const { signal } = page;
	let away = false;
	const leave = () => {
		away = true;
		tab.leave();
		setState("waiting");
	};
	const join = () => {
		if (away) tab.join();
		away = false;
	};
	const { document } = globalThis as { document?: EventTarget };
	const { source } = tab;
	const reasons: [target: Partial<EventTarget> | undefined, type: string, run: () => void][] = [
		// A frozen tab must not lead. A page with a lock or a stream is not put into the back/forward
		// cache.
		[globalThis, "pagehide", leave],
		[globalThis, "pageshow", join],
		[document, "freeze", leave],
		[document, "resume", join],
		[globalThis, "online", source.reopen],
		// Timers stand still while a machine sleeps.
		[document, "visibilitychange", source.check],
	];
	// Some hosts lack these.
	for (const [target, type, run] of reasons) target?.addEventListener?.(type, run, { signal });
	return page;
}
