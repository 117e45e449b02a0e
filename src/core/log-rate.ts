/** The most lines of one kind within a pause. */
const most = 5;

/** The pause, in ms. */
const pause = 1_000;

interface Kind {
	/** Lines since it began. */
	count: number;
	leftOut: number;
	endsAt: number;
}

/**
 * Limits a log to five lines of a kind per second, then counts the rest. Clients can cause
 * lines, and must not flood the log.
 */
export class LogRate<Subject> {
	readonly #kinds = new Map<string, Kind>();
	readonly #more: (subject: Subject, count: number) => void;

	/** @param more writes how many lines of a kind were left out. It gets the last one's subject. */
	constructor(more: (subject: Subject, count: number) => void) {
		this.#more = more;
	}

	/**
	 * @param kind from a set that no request can enlarge.
	 * @returns whether to write the line.
	 */
	admits(kind: string, subject: Subject): boolean {
		const now = Date.now();
		let state = this.#kinds.get(kind);
		if (state === undefined || now >= state.endsAt) {
			// On Workers a timer ends with its request, so a later line reports the count.
			if (state !== undefined) this.#tell(state, subject);
			state = { count: 0, leftOut: 0, endsAt: now + pause };
			this.#kinds.set(kind, state);
		}
		if (state.count < most) {
			state.count++;
			return true;
		}
		if (state.leftOut++ === 0) this.#tellLater(state, subject);
		return false;
	}

	#tellLater(state: Kind, subject: Subject): void {
		const timer: unknown = setTimeout(() => this.#tell(state, subject), state.endsAt - Date.now());
		// This timer must not keep a process alive.
		if (isNodeTimer(timer)) timer.unref();
	}

	#tell(state: Kind, subject: Subject): void {
		const { leftOut } = state;
		state.leftOut = 0;
		if (leftOut > 0) this.#more(subject, leftOut);
	}
}

function isNodeTimer(timer: unknown): timer is { unref(): void } {
	return typeof timer === "object" && timer !== null && "unref" in timer;
}
