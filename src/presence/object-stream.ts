import type { Connection } from "../core/delivery/connection.ts";
import { mostMembers } from "../core/member-list.ts";
import { eventOf } from "./event.ts";
import type { Page } from "./store.ts";

interface ObjectStreamOptions {
	/** Reads the first members of a channel. */
	read(channel: string, limit: number): Promise<Page>;
	failed(error: unknown, channel: string): void;
}

/** How long to wait before retrying a stream that read too slowly, in ms. */
const pause = 1_000;

/** Passes on to one stream what the objects of its channels tell. */
export class ObjectStream {
	readonly #options: ObjectStreamOptions;
	#connection: Connection | undefined;
	/** Told before the stream began. */
	readonly #early: [string, object][] = [];
	/** Channels where the stream missed something; `true`: again since the last read. */
	readonly #behind = new Map<string, boolean>();
	readonly #timers = new Set<ReturnType<typeof setTimeout>>();
	/** Reads are failing. Only the first failure is reported. */
	#isFailing = false;

	constructor(options: ObjectStreamOptions) {
		this.#options = options;
	}

	begin(connection: Connection): void {
		this.#connection = connection;
		for (const [channel, told] of this.#early.splice(0)) this.tell(channel, told);
	}

	end(): void {
		for (const timer of this.#timers) clearTimeout(timer);
	}

	tell(channel: string, told: object): void {
		if (this.#connection === undefined) this.#early.push([channel, told]);
		else if (this.#behind.has(channel)) this.#behind.set(channel, true);
		else if (!this.#connection.write(eventOf({ channel, ...told }))) this.#recover(channel);
	}

	/** The stream read too slowly. It is told all members once it reads again. */
	#recover(channel: string): void {
		if (!this.#connection?.isOpen) return;
		this.#behind.set(channel, true);
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			void this.#resend(channel);
		}, pause);
		this.#timers.add(timer);
	}

	async #resend(channel: string): Promise<void> {
		try {
			this.#behind.set(channel, false);
			const { occupancy, members } = await this.#options.read(channel, mostMembers + 1);
			this.#isFailing = false;
			const told = occupancy > mostMembers ? { occupancy } : { occupancy, members };
			// The page may already contain what came during the read.
			if (this.#behind.get(channel) || !this.#connection?.write(eventOf({ channel, ...told }))) {
				this.#recover(channel);
			} else this.#behind.delete(channel);
		} catch (error) {
			if (!this.#isFailing) this.#options.failed(error, channel);
			this.#isFailing = true;
			this.#recover(channel);
		}
	}
}
