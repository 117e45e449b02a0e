import type { ShareKey } from "../source.ts";

/** How often the others' channels are looked at, in ms. A tab that was killed does not tell. */
const lookEvery = 30_000;

interface Hold {
	release(): void;
	/** Settles once it is released. */
	readonly over: Promise<void>;
}

/**
 * The channels that tabs listen to. Each is the name of a lock, which all tabs hold that want it.
 * The browser releases it with the tab, however that ends.
 */
export class Wants {
	readonly #key: ShareKey;
	readonly #onChange: (channels: readonly string[]) => void;
	#own: ReadonlySet<string> = new Set();
	readonly #held = new Map<string, Hold>();
	/** Tells other tabs to look. */
	#notices: BroadcastChannel | undefined;
	/** Detects a look that was overtaken. */
	#looks = 0;
	#timer: ReturnType<typeof setInterval> | undefined;
	/** Ends the listeners of the page's own events. Present while something is wanted. */
	#page: AbortController | undefined;
	#isAway = false;

	/**
	 * @param key names the tabs that share. None: this one is alone.
	 * @param onChange is told what all want together, sorted.
	 */
	constructor(key: ShareKey, onChange: (channels: readonly string[]) => void) {
		this.#key = key;
		this.#onChange = onChange;
	}

	/** Says what this tab wants. */
	set(own: ReadonlySet<string>): void {
		this.#own = own;
		if (!this.#key || own.size === 0) this.#onChange([...own].sort());
		if (this.#key) this.#say(this.#key);
	}

	/** Holds the locks of the channels that are wanted, and no others. Then all tabs look. */
	#say(key: string): void {
		const wanted = this.#isAway ? new Set<string>() : this.#own;
		if (wanted.size > 0) this.#begin(key);
		const changes: Promise<void>[] = [];
		for (const [channel, { release, over }] of this.#held) {
			if (wanted.has(channel)) continue;
			this.#held.delete(channel);
			release();
			changes.push(over);
		}
		for (const channel of wanted) {
			if (!this.#held.has(channel)) changes.push(this.#hold(key, channel));
		}
		if (wanted.size === 0) this.#end();
		else Promise.all(changes).then(() => this.#tellOthers(key, changes.length > 0), this.#failed);
	}

	#tellOthers(key: string, hasChanged: boolean): void {
		if (hasChanged) this.#notices?.postMessage("look");
		this.#look(key);
	}

	/** @returns once it is held. */
	#hold(key: string, channel: string): Promise<void> {
		return new Promise((granted, failed) => {
			let release: () => void = granted;
			const held = new Promise<void>((resolve) => {
				release = resolve;
			});
			const over = navigator.locks.request(`${key} wants ${channel}`, { mode: "shared" }, () => {
				granted();
				return held;
			});
			this.#held.set(channel, { release, over });
			over.catch(failed);
		});
	}

	#look(key: string): void {
		const look = ++this.#looks;
		const prefix = `${key} wants `;
		navigator.locks.query().then(({ held = [] }) => {
			if (look !== this.#looks || this.#isAway || this.#own.size === 0) return;
			const names = held.map(({ name = "" }) => name).filter((name) => name.startsWith(prefix));
			const all = new Set([...this.#own, ...names.map((name) => name.slice(prefix.length))]);
			this.#onChange([...all].sort());
		}, this.#failed);
	}

	/** An opaque origin has no locks. */
	readonly #failed = (): void => {
		if (!this.#isAway) this.#onChange([...this.#own].sort());
	};

	#begin(key: string): void {
		if (this.#notices === undefined) {
			this.#notices = new BroadcastChannel(`${key} wants`);
			this.#notices.onmessage = () => this.#look(key);
			this.#timer = setInterval(() => this.#look(key), lookEvery);
		}
		if (this.#page !== undefined) return;
		this.#page = new AbortController();
		const { signal } = this.#page;
		const { document } = globalThis as { document?: EventTarget };
		const move = (isAway: boolean) => () => {
			if (this.#isAway === isAway) return;
			this.#isAway = isAway;
			this.#say(key);
		};
		// A page with a lock is not put into the back/forward cache.
		globalThis.addEventListener?.("pagehide", move(true), { signal });
		globalThis.addEventListener?.("pageshow", move(false), { signal });
		document?.addEventListener("freeze", move(true), { signal });
		document?.addEventListener("resume", move(false), { signal });
	}

	/** Nothing is wanted, or the page is away. */
	#end(): void {
		this.#notices?.postMessage("look");
		this.#notices?.close();
		this.#notices = undefined;
		clearInterval(this.#timer);
		if (this.#isAway) return;
		this.#page?.abort();
		this.#page = undefined;
	}
}
