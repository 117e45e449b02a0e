import { always } from "./reconnecting-source.ts";
import type { ShareKey, SourceOptions } from "./source.ts";
import { openTab, type Tab } from "./tab.ts";
import type { SetState } from "./types.ts";

/** A tab that leaves and joins as its page is frozen, shown or back on line. */
export interface Page extends Pick<Tab, "listen"> {
	/** Leaves for good. */
	close(): void;
}

/** As `openTab`, and joins. */
export function openPage(
	key: ShareKey,
	options: SourceOptions,
	types: readonly string[],
	deliver: (type: string, data: string, id: string) => void,
	setState: SetState,
): Page {
	const tab = openTab(key, options, new Set([...always, ...types]), deliver, setState);
	const page = new AbortController();
	let away = false;
	const hide = () => {
		away = true;
		tab.leave();
		setState("waiting");
	};
	const show = () => {
		if (away) tab.join();
		away = false;
	};
	for (const [type, run] of Object.entries({
		// A frozen tab must not lead. A page with a lock or a stream is not put into the back/forward
		// cache.
		pagehide: hide,
		pageshow: show,
		freeze: hide,
		resume: show,
		online: tab.source.online,
		// Timers stand still while a machine sleeps.
		visibilitychange: tab.source.check,
	})) {
		// Some hosts have no such thing. A document's events pass its window first. Workers of Cloudflare
		// refuse to capture.
		globalThis.addEventListener?.(type, run, {
			signal: page.signal,
			capture: !!globalThis.location,
		});
	}
	setState("connecting");
	tab.join();
	return {
		...tab,
		close: () => {
			page.abort();
			tab.leave();
		},
	};
}
