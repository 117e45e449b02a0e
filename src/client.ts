/** The browser's side: typed events over one connection for all tabs of an origin. */
import { AsyncQueue } from "./client/async-queue.ts";
import { checkEventSource, report, streamUrl } from "./client/host.ts";
import { Tab } from "./client/tab.ts";
import type {
	ClientEvent,
	ClientState,
	DataOf,
	EventClientOptions,
	EventOf,
	StreamUrl,
	TypeOf,
} from "./client/types.ts";

export type {
	ClientEvent,
	ClientState,
	DataOf,
	EventClientOptions,
	EventOf,
	Gap,
	StreamUrl,
	TypeOf,
} from "./client/types.ts";

type Hear = (data: never, event: never) => void;

/**
 * Listens to an event stream, on the browser's own EventSource. It is opened when someone listens, and closed
 * when nobody does.
 *
 * ```ts
 * const events = new EventClient<{ greeting: { message: string } }>("/stream");
 * const stop = events.on("greeting", ({ message }) => console.log(message));
 * ```
 */
export class EventClient<Events extends object = Record<string, unknown>> {
	readonly #url: StreamUrl;
	readonly #options: EventClientOptions;
	readonly #listeners = new Map<string, Set<Hear>>();
	readonly #stateListeners = new Set<(state: ClientState) => void>();
	readonly #queues = new Set<AsyncQueue<unknown>>();
	#state: ClientState = "closed";
	/** There while somebody listens. */
	#tab: Tab | undefined;
	/** Takes the page's own events. */
	#page: AbortController | undefined;

	constructor(url: StreamUrl, options: EventClientOptions = {}) {
		this.#url = url;
		this.#options = options;
	}

	/** Where the client is now. */
	get state(): ClientState {
		return this.#state;
	}

	/**
	 * Hears of every change of `state`. It is bound, as `useSyncExternalStore` wants it.
	 *
	 * @returns what stops it.
	 */
	readonly onState = (listener: (state: ClientState) => void): (() => void) => {
		// A function may be added twice, and each has a stop of its own.
		const hear = (state: ClientState) => listener(state);
		this.#stateListeners.add(hear);
		return () => {
			this.#stateListeners.delete(hear);
		};
	};

	/**
	 * Calls back for every event of a type; `sse.gap` says that events may be missing.
	 *
	 * @returns what stops it; idempotent.
	 * @throws {TypeError} when the host has no `EventSource`, or nothing can be read from the URL.
	 */
	on<Type extends TypeOf<Events>>(
		type: Type,
		listener: (data: DataOf<Events, Type>, event: ClientEvent<Type, DataOf<Events, Type>>) => void,
	): () => void {
		this.#check();
		const hear: Hear = (data, event) => listener(data, event);
		const listeners = this.#listeners.get(type) ?? new Set();
		this.#listeners.set(type, listeners.add(hear));
		// After this turn, so that what is added or exchanged in one turn is one request.
		queueMicrotask(this.#settle);
		return () => {
			listeners.delete(hear);
			if (listeners.size === 0 && this.#listeners.get(type) === listeners) {
				this.#listeners.delete(type);
			}
			queueMicrotask(this.#settle);
		};
	}

	/**
	 * The events of these types, for `for await`; it listens from the first `next()` on, and holds what has not
	 * been taken yet, without a bound. It ends with `break`, `return()` or `close()`.
	 */
	events<Type extends TypeOf<Events>>(
		...types: Type[]
	): AsyncIterableIterator<EventOf<Events, Type>> {
		const queue: AsyncQueue<unknown> = new AsyncQueue((put) => {
			this.#queues.add(queue);
			const stops = types.map((type) => this.on(type, (_, event) => put(event)));
			return () => {
				this.#queues.delete(queue);
				for (const stop of stops) stop();
			};
		});
		return queue as AsyncIterableIterator<EventOf<Events, Type>>;
	}

	/** Takes all listeners away, and so ends the stream; iterators end, too. */
	close(): void {
		for (const queue of this.#queues) queue.end();
		this.#listeners.clear();
		this.#settle();
	}

	/** Here and not when it opens, where nobody could catch it. */
	#check(): void {
		if (this.#tab !== undefined) return;
		checkEventSource(this.#options.retry ?? true);
		if (typeof this.#url !== "function") streamUrl(this.#url);
	}

	/** Opens, closes or widens the stream, as is listened. */
	readonly #settle = (): void => {
		if (this.#listeners.size === 0) this.#stop();
		else if (this.#tab === undefined) this.#start();
		else for (const type of this.#listeners.keys()) this.#tab.listen(type);
	};

	#start(): void {
		const { withCredentials = false, watchdog, retry = true } = this.#options;
		const types = new Set(this.#listeners.keys());
		const options = { url: this.#url, withCredentials, watchdog, retry };
		const tab = new Tab(this.#key(), options, types, {
			deliver: this.#deliver,
			setState: this.#setState,
		});
		this.#tab = tab;
		this.#watchPage(tab);
		this.#setState("connecting");
		tab.join();
	}

	#stop(): void {
		this.#page?.abort();
		this.#tab?.leave();
		this.#tab = undefined;
		this.#setState("closed");
	}

	/** What names the tabs that share one stream: all that makes it what it is. */
	#key(): string | undefined {
		const { share = true, withCredentials } = this.#options;
		let name = share;
		// Without an origin, as in Node, there are no tabs of one.
		if (name === true && typeof this.#url !== "function" && globalThis.location !== undefined) {
			name = `${streamUrl(this.#url)} ${withCredentials}`;
		}
		// Another version of this file may be in another tab.
		return typeof name === "string" ? `edge-sse/1 ${name}` : undefined;
	}

	#watchPage(tab: Tab): void {
		this.#page = new AbortController();
		const { signal } = this.#page;
		// Not every host has these.
		const hear = (target: Partial<EventTarget> | undefined, type: string, run: () => void) =>
			target?.addEventListener?.(type, run, { signal });
		let away = false;
		const leave = () => {
			away = true;
			tab.leave();
			this.#setState("waiting");
		};
		const join = () => {
			if (away) tab.join();
			away = false;
		};
		const { document } = globalThis as { document?: EventTarget };
		// A frozen tab must not lead, and with a lock or a stream none goes to the back/forward cache.
		hear(globalThis, "pagehide", leave);
		hear(globalThis, "pageshow", join);
		hear(document, "freeze", leave);
		hear(document, "resume", join);
		hear(globalThis, "online", () => tab.source.reopen());
		// Timers stand still while a machine sleeps.
		hear(document, "visibilitychange", () => tab.source.check());
	}

	readonly #deliver = (type: string, text: string, lastEventId: string): void => {
		const listeners = this.#listeners.get(type);
		if (listeners === undefined) return;
		guarded(() => {
			const data = this.#parse(type, text) as never;
			const event = { type, data, lastEventId } as never;
			for (const hear of [...listeners]) guarded(() => hear(data, event));
		});
	};

	#parse(type: string, text: string): unknown {
		const { parse } = this.#options;
		if (parse !== undefined && !type.startsWith("sse.")) return parse(text, type);
		try {
			return JSON.parse(text);
		} catch {
			return text; // a string, which edge-sse sends as it is
		}
	}

	readonly #setState = (state: ClientState): void => {
		if (state === this.#state) return;
		this.#state = state;
		for (const hear of [...this.#stateListeners]) guarded(() => hear(state));
	};
}

/** One listener that throws must not keep an event from the others. */
function guarded(run: () => void): void {
	try {
		run();
	} catch (error) {
		report(error);
	}
}
