import { type Listener, Source, type SourceOptions } from "./reconnecting-source.ts";
import type { Note } from "./tab-message.ts";
import type { ClientState } from "./types.ts";

/** Silence of a leader, in ms, after which it is asked for a sign, and how long it has for that. */
const quietFor = 12_000;
const answerWithin = 3_000;

/** What becomes of the events. */
export interface Tab {
	deliver(type: string, data: string, id: string): void;
	setState(state: ClientState): void;
}

/**
 * One tab among those that share a stream.
 *
 * Whoever holds the lock leads: it has the EventSource and passes on what it hears. Each tab keeps the
 * cursor of what it has itself been given, and nothing else is relied on when the leader changes: a
 * new leader begins at its own cursor; who is there as well goes on with it, and who is not takes a
 * stream of its own until both are at the same place. Of a cursor nothing is known but whether two are
 * the same: then the same has been seen.
 */
export class Member implements Listener {
	cursor: string | undefined;
	readonly types: Set<string>;
	readonly #key: string | undefined;
	readonly #tab: Tab;
	readonly source: Source;
	#channel: BroadcastChannel | undefined;
	/** Aborted when this tab gives up the lock, or its place in the queue for it. */
	#turn = new AbortController();
	/** The newest leader's, as far as this tab has heard. Later ones have greater numbers. */
	#term = 0;
	/** Whether the events of that leader are taken. */
	#following = false;
	/** Where the leader is, while this tab catches up. */
	#ahead: string | undefined;
	#leading = false;
	#catchingUp = false;
	/** Whether types were added since the last event: some of them may have gone by unheard. */
	#stale = false;
	#state: ClientState = "connecting";
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param key names the tabs that share; undefined: this one has a stream to itself. */
	constructor(key: string | undefined, options: SourceOptions, types: Set<string>, tab: Tab) {
		this.#key = key;
		this.types = types;
		this.#tab = tab;
		this.source = new Source(options, this);
	}

	join(): void {
		// Neither is there in an insecure context.
		if (this.#key === undefined || !globalThis.navigator?.locks || !globalThis.BroadcastChannel) {
			this.#lead();
			return;
		}
		this.#channel = new BroadcastChannel(this.#key);
		this.#channel.onmessage = ({ data }) => this.#receive(data);
		this.#takeTurn(this.#key, false);
		this.#ask();
	}

	/** Lets go of the lock, the stream and the channel; the cursor stays. */
	leave(): void {
		clearTimeout(this.#timer);
		this.source.close();
		this.#channel?.close();
		this.#channel = undefined;
		this.#leading = this.#following = this.#catchingUp = false;
		this.#turn.abort();
	}

	listen(type: string): void {
		if (this.#learn([type])) this.#post({ kind: "join", types: [type] });
	}

	onEvent(type: string, data: string, id: string): void {
		this.cursor = id || this.cursor;
		this.#stale = false;
		// First, for a listener may leave, or break the page.
		if (this.#leading) this.#post({ kind: "event", term: this.#term, type, data, id });
		else if (this.#following && this.cursor === this.#ahead) this.#caughtUp();
		this.#tab.deliver(type, data, id);
	}

	onState(state: ClientState): void {
		this.#state = state;
		this.#tab.setState(state);
		if (this.#leading) this.#announce();
	}

	#takeTurn(key: string, steal: boolean): void {
		this.#turn.abort();
		const turn = new AbortController();
		this.#turn = turn;
		const { signal } = turn;
		const lead = () => {
			if (signal.aborted) return undefined;
			this.#lead();
			return new Promise<void>((done) => signal.addEventListener("abort", () => done()));
		};
		navigator.locks.request(key, steal ? { steal } : { signal }, lead).catch(() => {
			if (signal.aborted) return; // this tab's own doing
			const stolen = this.#leading;
			this.leave();
			if (stolen) this.join();
			// An opaque origin has no locks.
			else this.#lead();
		});
	}

	#lead(): void {
		clearTimeout(this.#timer);
		this.#leading = true;
		// By the clock that all tabs share, for a tab that is new has heard of no other's.
		this.#term = Math.max(Date.now(), this.#term + 1);
		if (this.#catchingUp) this.#announce();
		else this.#open();
		this.#catchingUp = false;
	}

	/** Asks for a leader, and takes its place when there is no answer: it may be frozen, or hang. */
	#ask(): void {
		clearTimeout(this.#timer);
		this.#post({ kind: "join", cursor: this.cursor, types: [...this.types] });
		const key = this.#key ?? "";
		this.#timer = setTimeout(() => this.#takeTurn(key, true), answerWithin);
	}

	#receive(note: Note): void {
		if (note.kind !== "event") this.#learn(note.types);
		if (note.kind === "join") {
			if (this.#leading) this.#admit(note.cursor);
			return;
		}
		// A late word of a former leader; or this one leads no more, and is about to be told.
		if (this.#leading || note.term < this.#term) return;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#ask(), quietFor);
		if (note.kind === "lead") this.#onLead(note);
		else if (this.#following && note.term === this.#term) this.#onEvent(note);
	}

	/** As the leader: takes in a tab, from whose place on nothing may be missing. */
	#admit(cursor: string | undefined): void {
		if (cursor !== undefined && (this.#stale || this.cursor === undefined)) {
			this.cursor ??= cursor;
			this.#open();
		} else {
			this.#announce();
		}
	}

	#onLead({ term, cursor, stale, state, types }: Note & { kind: "lead" }): void {
		if (!this.#following || term > this.#term) {
			this.#term = term;
			const comparable = cursor !== undefined && !stale;
			this.#following =
				(comparable || this.cursor === undefined) &&
				[...this.types].every((type) => types.includes(type));
			if (!this.#following) {
				this.#ask();
				return;
			}
			this.cursor ??= cursor;
			this.#ahead = cursor;
			if (cursor === this.cursor) this.#caughtUp();
			else if (!this.#catchingUp) {
				this.#catchingUp = true;
				this.#open();
			}
		}
		if (!this.#catchingUp) this.onState(state);
	}

	#onEvent({ type, data, id }: Note & { kind: "event" }): void {
		if (!this.#catchingUp) {
			this.cursor = id || this.cursor;
			this.#tab.deliver(type, data, id);
		} else if (id !== "") {
			this.#ahead = id;
			if (id === this.cursor) this.#caughtUp();
		}
	}

	/** Opens a stream at the cursor, of all the types that are known. */
	#open(): void {
		this.#stale = false;
		this.source.open();
	}

	#caughtUp(): void {
		if (this.#catchingUp) this.source.close();
		this.#catchingUp = false;
	}

	/** @returns whether one of them is new. */
	#learn(types: readonly string[]): boolean {
		const unknown = types.filter((type) => !this.types.has(type));
		for (const type of unknown) {
			this.#stale = true;
			this.types.add(type);
			this.source.listen(type);
		}
		return unknown.length > 0;
	}

	#announce(): void {
		this.#post({
			kind: "lead",
			term: this.#term,
			cursor: this.cursor,
			stale: this.#stale,
			state: this.#state,
			types: [...this.types],
		});
	}

	#post(note: Note): void {
		this.#channel?.postMessage(note);
	}
}
