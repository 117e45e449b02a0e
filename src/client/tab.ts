import {
	ReconnectingSource,
	type SourceListener,
	type SourceOptions,
} from "./reconnecting-source.ts";
import type { Role } from "./role.ts";
import type { TabMessage } from "./tab-message.ts";
import type { ClientState } from "./types.ts";

/**
 * A leader that is silent for this long, in ms, is asked for a sign, and has as long again to
 * answer.
 */
const quietFor = 12_000;
const answerWithin = 3_000;

/** Receives the events. */
export interface Receiver {
	deliver(type: string, data: string, id: string): void;
	setState(state: ClientState): void;
}

/**
 * One tab among those that share a stream.
 *
 * The tab that holds the lock leads: it has the EventSource and passes its events on. Each tab
 * keeps the cursor of what it was itself given, and a change of leader relies on nothing else.
 * The new leader begins at its own cursor. Tabs at the same cursor follow it. The others open
 * their own streams until they reach the leader's cursor. Equal cursors mean equal events.
 */
export class Tab implements SourceListener {
	cursor: string | undefined;
	readonly types: Set<string>;
	readonly source: ReconnectingSource;
	readonly #key: string | undefined;
	readonly #receiver: Receiver;
	#role: Role = ["apart"];
	/** The newest known leader's term. Later leaders have greater numbers. */
	#term = 0;
	/** Whether types were added since the last event. The tab may have missed some of those. */
	#stale = false;
	#state: ClientState = "connecting";
	#channel: BroadcastChannel | undefined;
	/** Aborted when this tab gives up the lock, or its place in the queue for it. */
	#turn = new AbortController();
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param key names the tabs that share a stream. Undefined: this tab has its own. */
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
		// An insecure context has neither.
		if (this.#key === undefined || !globalThis.navigator?.locks || !globalThis.BroadcastChannel) {
			this.#lead();
			return;
		}
		this.#channel = new BroadcastChannel(this.#key);
		this.#channel.onmessage = ({ data }) => this.#receive(data);
		this.#takeTurn({});
		this.#ask();
	}

	/** Gives up the lock, the stream and the channel. The cursor stays. */
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
		// This comes first, because a listener may leave, or break the page.
		if (is === "leading") this.#post({ kind: "event", term: this.#term, type, data, id });
		else if (is === "behind" && leader === this.cursor) this.#become("following");
		this.#receiver.deliver(type, data, id);
	}

	onState(state: ClientState): void {
		this.#state = state;
		this.#receiver.setState(state);
		if (this.#role[0] === "leading") this.#announce();
	}

	/** The only place where the role changes, and with it whether this tab has a stream. */
	#become(...role: Role): void {
		const had = this.#hasStream;
		this.#role = role;
		if (!this.#hasStream) this.source.close();
		else if (!had) this.#open();
	}

	/** Whether it has a stream, or waits for one. */
	get #hasStream(): boolean {
		const [is] = this.#role;
		return is === "leading" || is === "behind";
	}

	/** Whether the leader's events matter: this tab takes them, or measures its distance by them. */
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
		// By the clock, which all tabs share: a new tab has heard of no other term.
		this.#term = Math.max(Date.now(), this.#term + 1);
		const kept = this.#hasStream;
		this.#become("leading");
		// A stream that opens announces itself by its state.
		if (kept) this.#announce();
	}

	/** Asks for a leader, and takes its place when it does not answer: it may be frozen. */
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
		// A late message of a former leader. Or this tab leads no more, and is about to be told.
		if (leads || message.term < this.#term) return;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#ask(), quietFor);
		if (message.kind === "lead") this.#onLead(message);
		else if (message.term === this.#term) this.#onLeadersEvent(message);
	}

	/** As the leader: takes in a tab, which must miss nothing from its position on. */
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
				// Its own stream goes on meanwhile.
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

	/** The leader is at this position. This tab is there too, or has some way to go. */
	#approach(leader: string | undefined): void {
		if (leader === this.cursor) this.#become("following");
		else this.#become("behind", leader);
	}

	/** Opens a stream at the cursor, with all known types. */
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
