import {
	ReconnectingSource,
	type SourceListener,
	type SourceOptions,
} from "./reconnecting-source.ts";
import type { Role } from "./role.ts";
import type { TabMessage } from "./tab-message.ts";
import type { ClientState } from "./types.ts";

/** Silence of a leader, in ms, after which it is asked for a sign, and how long it has for that. */
const quietFor = 12_000;
const answerWithin = 3_000;

/** What becomes of the events. */
export interface Receiver {
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
export class Tab implements SourceListener {
	cursor: string | undefined;
	readonly types: Set<string>;
	readonly source: ReconnectingSource;
	readonly #key: string | undefined;
	readonly #receiver: Receiver;
	#role: Role = ["apart"];
	/** The newest leader's, as far as this tab has heard. Later ones have greater numbers. */
	#term = 0;
	/** Whether types were added since the last event: some of them may have gone by unheard. */
	#stale = false;
	#state: ClientState = "connecting";
	#channel: BroadcastChannel | undefined;
	/** Aborted when this tab gives up the lock, or its place in the queue for it. */
	#turn = new AbortController();
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param key names the tabs that share; undefined: this one has a stream to itself. */
	constructor(
		key: string | undefined,
		options: SourceOptions,
		types: Set<string>,
		receiver: Receiver,
	) {
		this.#key = key;
		this.types = types;
		this.#receiver = receiver;
		this.source = new ReconnectingSource(options, this);
	}

	join(): void {
		// Neither is there in an insecure context.
		if (this.#key === undefined || !globalThis.navigator?.locks || !globalThis.BroadcastChannel) {
			this.#lead();
			return;
		}
		this.#channel = new BroadcastChannel(this.#key);
		this.#channel.onmessage = ({ data }) => this.#receive(data);
		this.#takeTurn({});
		this.#ask();
	}

	/** Lets go of the lock, the stream and the channel; the cursor stays. */
	leave(): void {
		clearTimeout(this.#timer);
		this.#become("apart");
		this.#channel?.close();
		this.#channel = undefined;
		this.#turn.abort();
	}

	listen(type: string): void {
		if (this.#learn([type])) this.#post({ kind: "join", types: [type] });
	}

	onEvent(type: string, data: string, id: string): void {
		const [is, leader] = this.#role;
		this.cursor = id || this.cursor;
		this.#stale = false;
		// First, for a listener may leave, or break the page.
		if (is === "leading") this.#post({ kind: "event", term: this.#term, type, data, id });
		else if (is === "behind" && leader === this.cursor) this.#become("following");
		this.#receiver.deliver(type, data, id);
	}

	onState(state: ClientState): void {
		this.#state = state;
		this.#receiver.setState(state);
		if (this.#role[0] === "leading") this.#announce();
	}

	/** The one place where the role changes, and with it whether this tab has a stream. */
	#become(...role: Role): void {
		const had = this.#hasStream;
		this.#role = role;
		if (!this.#hasStream) this.source.close();
		else if (!had) this.#open();
	}

	/** Or waits to have one again. */
	get #hasStream(): boolean {
		const [is] = this.#role;
		return is === "leading" || is === "behind";
	}

	/** Whether the leader's events count: they are taken, or tell how far it still is to them. */
	get #follows(): boolean {
		const [is, leader] = this.#role;
		return is === "following" || leader !== undefined;
	}

	#takeTurn(how: { steal?: true }): void {
		this.#turn.abort();
		const turn = new AbortController();
		this.#turn = turn;
		const { signal } = turn;
		const lead = () => {
			if (signal.aborted) return undefined;
			this.#lead();
			return new Promise<void>((done) => signal.addEventListener("abort", () => done()));
		};
		navigator.locks.request(this.#key ?? "", how.steal ? how : { signal }, lead).catch(() => {
			if (signal.aborted) return; // this tab's own doing
			const stolen = this.#role[0] === "leading";
			this.leave();
			if (stolen) this.join();
			// An opaque origin has no locks.
			else this.#lead();
		});
	}

	#lead(): void {
		clearTimeout(this.#timer);
		// By the clock that all tabs share, for a tab that is new has heard of no other's.
		this.#term = Math.max(Date.now(), this.#term + 1);
		const kept = this.#hasStream;
		this.#become("leading");
		// A stream that opens says so by its state.
		if (kept) this.#announce();
	}

	/** Asks for a leader, and takes its place when there is no answer: it may be frozen, or hang. */
	#ask(): void {
		clearTimeout(this.#timer);
		this.#post({ kind: "join", cursor: this.cursor, types: [...this.types] });
		this.#timer = setTimeout(() => this.#takeTurn({ steal: true }), answerWithin);
	}

	#receive(message: TabMessage): void {
		if (message.kind !== "event") this.#learn(message.types);
		const leads = this.#role[0] === "leading";
		if (message.kind === "join") {
			if (leads) this.#admit(message.cursor);
			return;
		}
		// A late word of a former leader; or this one leads no more, and is about to be told.
		if (leads || message.term < this.#term) return;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#ask(), quietFor);
		if (message.kind === "lead") this.#onLead(message);
		else if (message.term === this.#term) this.#onLeadersEvent(message);
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

	#onLead({ term, cursor, stale, state, types }: TabMessage & { kind: "lead" }): void {
		if (!this.#follows || term > this.#term) {
			this.#term = term;
			const comparable = cursor !== undefined && !stale;
			const canFollow =
				(comparable || this.cursor === undefined) &&
				[...this.types].every((type) => types.includes(type));
			if (!canFollow) {
				// A stream of its own goes on meanwhile.
				if (this.#hasStream) this.#become("behind", undefined);
				else this.#become("apart");
				this.#ask();
				return;
			}
			this.cursor ??= cursor;
			this.#approach(cursor);
		}
		if (this.#role[0] === "following") this.onState(state);
	}

	#onLeadersEvent({ type, data, id }: TabMessage & { kind: "event" }): void {
		if (this.#role[0] === "following") {
			this.cursor = id || this.cursor;
			this.#receiver.deliver(type, data, id);
		} else if (id !== "" && this.#follows) {
			this.#approach(id);
		}
	}

	/** The leader is there: this tab as well, or it has a way to go. */
	#approach(leader: string | undefined): void {
		if (leader === this.cursor) this.#become("following");
		else this.#become("behind", leader);
	}

	/** Opens a stream at the cursor, of all the types that are known. */
	#open(): void {
		this.#stale = false;
		this.source.open();
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

	#post(message: TabMessage): void {
		this.#channel?.postMessage(message);
	}
}
