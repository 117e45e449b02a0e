/** Lines of one kind within a pause. */
const most = 5;

/** In ms. */
const pause = 1_000;

interface Kind {
	/** Lines since it began. */
	count: number;
	leftOut: number;
	endsAt: number;
}

/**
 * Holds back lines of a log, so that whoever can cause one cannot flood it: five of a kind a second, and then a
 * count of the others.
 */
export class LogRate<Subject> {
	readonly #kinds = new Map<string, Kind>();
	readonly #more: (subject: Subject, count: number) => void;

	/** @param more writes how many lines of a kind were left out; it is given the last one's subject. */
	constructor(more: (subject: Subject, count: number) => void) {
		this.#more = more;
	}

	/**
	 * @param kind out of a set that no request can make larger.
	 * @returns whether the line is to be written.
	 */
	admits(kind: string, subject: Subject): boolean {
		const now = Date.now();
		let state = this.#kinds.get(kind);
		if (state === undefined || now >= state.endsAt) {
			// Where a timer does not outlive its request, as on Workers, it is told here.
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
		// A line to come keeps no process.
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
