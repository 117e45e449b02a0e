import { type ReconnectingSource, reconnectingSource } from "./reconnecting-source.ts";
import type { ShareKey, SourceOptions } from "./source.ts";
import type { TabMessage } from "./tab-message.ts";
import type { ClientState, OpeningReason, Role, SetState } from "./types.ts";

/**
 * One tab among those that share a stream.
 *
 * The tab that holds the lock leads: it has the stream and passes its events on. Each tab
 * keeps the cursor of what it was itself given, and a change of leader relies on nothing else.
 * The new leader begins at its own cursor. Tabs at the same cursor follow it. The others open
 * their own streams until they reach the leader's cursor. Equal cursors mean equal events.
 */
export interface Tab {
	readonly source: ReconnectingSource;
	join(): void;
	/** Gives up the lock, the stream and the channel. The cursor stays. */
	leave(): void;
	listen(types: readonly string[]): void;
}

/**
 * @param key names the tabs that share a stream. None: this tab has its own.
 * @param types what it listens for; grows by what other tabs want.
 */
export function openTab(
	key: ShareKey,
	options: SourceOptions,
	types: Set<string>,
	deliver: (type: string, data: string, id: string) => void,
	setState: SetState,
): Tab {
	let cursor = options.lastEventId;
	let is: Role = "apart";
	/** The leader's latest known position. Undefined: this tab knows no leader. */
	let leader: string | undefined;
	/** The newest known leader's term. Later leaders have greater numbers. */
	let newest = 0;
	/** Whether types were added since the last event. The tab may have missed some of those. */
	let isStale = false;
	let lastState: ClientState = "connecting";
	let channel: BroadcastChannel | undefined;
	/** Aborted when this tab gives up the lock, or its place in the queue for it. */
	let turn: AbortController | undefined;
	let timer: ReturnType<typeof setTimeout> | undefined;

	const onState: SetState = (state, error, detail) => {
		lastState = state;
		setState(state, error, detail);
		if (is === "lead") announce();
	};

	const source = reconnectingSource(
		options,
		types,
		() => cursor,
		(type, data, id) => {
			cursor = id || cursor;
			isStale = false;
			// This comes first, because a listener may leave, or break the page.
			if (is === "lead") post(["event", type, newest, data, id]);
			else if (is === "behind" && leader === cursor) become("follow");
			deliver(type, data, id);
		},
		onState,
	);

	const join = (): void => {
		if (key) {
			channel = new BroadcastChannel(key);
			channel.onmessage = ({ data }) => receive(data);
			takeTurn();
			ask();
		} else lead();
	};

	const leave = (): void => {
		clearTimeout(timer);
		become("apart");
		channel?.close();
		channel = undefined;
		turn?.abort();
	};

	/** The only place where the role changes, and with it whether this tab has a stream. */
	const become = (role: Role, position?: string): void => {
		const had = hasStream();
		if (role !== is) setState(lastState, undefined, role);
		is = role;
		leader = position;
		if (!hasStream()) source.close();
		else if (!had) open(role);
	};

	/** Whether it has a stream, or waits for one. */
	const hasStream = (): boolean => is === "lead" || is === "behind";

	/** Whether the leader's events matter: this tab takes them, or measures its distance by them. */
	const follows = (): boolean => is === "follow" || leader !== undefined;

	const takeTurn = (steal?: true): void => {
		turn?.abort();
		turn = new AbortController();
		const { signal } = turn;
		const run = () => {
			if (signal.aborted) return undefined;
			lead();
			return new Promise((done) => {
				signal.onabort = done;
			});
		};
		navigator.locks.request(key as string, steal ? { steal } : { signal }, run).catch(() => {
			if (signal.aborted) return; // this tab's own doing
			const stolen = is === "lead";
			leave();
			if (stolen) join();
			// An opaque origin has no locks.
			else lead();
		});
	};

	const lead = (): void => {
		clearTimeout(timer);
		// By the clock, which all tabs share: a new tab has heard of no other term.
		newest = Math.max(Date.now(), newest + 1);
		const kept = hasStream();
		become("lead");
		// A stream that opens announces itself by its state.
		if (kept) announce();
	};

	/** Asks for a leader, and takes its place when it does not answer: it may be frozen. */
	const ask = (): void => {
		clearTimeout(timer);
		post(["join", [...types], cursor]);
		timer = setTimeout(() => {
			setState(lastState, undefined, "steal");
			takeTurn(true);
		}, 3_000);
	};

	const receive = (message: TabMessage): void => {
		const [kind, , term] = message;
		if (kind !== "event") learn(message[1]);
		if (is === "lead") {
			if (kind === "join") admit(message[2]);
			// Any other message: this tab or the sender leads no more.
		} else if (kind !== "join" && message[2] >= newest) {
			clearTimeout(timer);
			timer = setTimeout(ask, 12_000); // a silent leader is asked for a sign
			if (kind === "lead") onLead(message);
			else if (term === newest) onLeadersEvent(message);
		}
	};

	/** As the leader: takes in a tab, which must miss nothing from its position on. */
	const admit = (position: string | undefined): void => {
		if (position && (isStale || !cursor)) {
			cursor ||= position;
			open("join");
		} else announce();
	};

	const onLead = ([, known, term, position, stale, state]: Extract<
		TabMessage,
		["lead", ...unknown[]]
	>): void => {
		if (!follows() || term > newest) {
			newest = term;
			const isComparable = (position && !stale) || !cursor;
			const canFollow = isComparable && [...types].every((type) => known.includes(type));
			if (canFollow) {
				cursor ||= position;
				approach(position);
			} else {
				// Its own stream goes on meanwhile.
				become(hasStream() ? "behind" : "apart");
				ask();
			}
		}
		if (is === "follow") onState(state);
	};

	const onLeadersEvent = ([, type, , data, id]: Extract<
		TabMessage,
		["event", ...unknown[]]
	>): void => {
		if (is === "follow") {
			cursor = id || cursor;
			deliver(type, data, id);
		} else if (id && follows()) approach(id);
	};

	/** The leader is at this position. This tab is there too, or has some way to go. */
	const approach = (position: string | undefined): void =>
		become(position === cursor ? "follow" : "behind", position);

	/** Opens a stream at the cursor, with all known types. */
	const open = (reason: OpeningReason): void => {
		isStale = false;
		source.open(reason);
	};

	const learn = (wanted: readonly string[]): void => {
		for (const type of wanted) {
			if (types.has(type)) continue;
			isStale = true;
			types.add(type);
			source.listen(type);
		}
	};

	const announce = (): void => post(["lead", [...types], newest, cursor, isStale, lastState]);

	const post = (message: TabMessage): void => channel?.postMessage(message);

	return {
		source,
		join,
		leave,
		listen: (wanted) => {
			if (wanted.every((type) => types.has(type))) return;
			learn(wanted);
			post(["join", wanted]);
		},
	};
}
