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
	// Some hosts lack these.
	const hear = (target: Partial<EventTarget> | undefined, type: string, run: () => void) =>
		target?.addEventListener?.(type, run, { signal });
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
	// A frozen tab must not lead. A page with a lock or a stream is not put into the back/forward
	// cache.
	hear(globalThis, "pagehide", leave);
	hear(globalThis, "pageshow", join);
	hear(document, "freeze", leave);
	hear(document, "resume", join);
	hear(globalThis, "online", () => tab.source.reopen());
	// Timers stand still while a machine sleeps.
	hear(document, "visibilitychange", () => tab.source.check());
	return page;
}
