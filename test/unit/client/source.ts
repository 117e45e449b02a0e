import { formatCursor, parseCursor } from "../../../src/core/history/cursor.ts";
import { beginning, isAfter } from "../../../src/core/message/position.ts";

export interface Published {
	channel: string;
	type: string;
	n: number;
	position: string;
}

/** What a source needs from its world. */
interface Surroundings {
	readonly channels: readonly string[];
	readonly published: readonly Published[];
	readonly sources: Set<FakeSource>;
	readonly current: unknown;
	/**
	 * A service worker that answers with `fetch(event.request)` loses the `Last-Event-ID` header of a
	 * reconnect.
	 */
	readonly serviceWorker: boolean;
}

/** A native EventSource, and the hub's end of its stream. */
export class FakeSource extends EventTarget {
	static readonly CLOSED = 2;
	readyState = 0;
	readonly #world: Surroundings;
	readonly owner: unknown;
	readonly #query: string | null;
	/** What the browser's own reconnect sends as `Last-Event-ID`, without a service worker. */
	#lastEventId = "";
	#positions: string[] = [];

	constructor(world: Surroundings, url: string) {
		super();
		this.#world = world;
		this.owner = world.current;
		this.#query = new URL(url).searchParams.get("lastEventId");
		world.sources.add(this);
	}

	close(): void {
		this.readyState = 2;
		this.#world.sources.delete(this);
	}

	steps(): (() => void)[] {
		if (this.readyState === 0) return [() => this.#open()];
		// Each channel is in order; channels have no order among each other.
		return this.#world.channels.flatMap((channel, index) => {
			const next = this.#world.published.find(
				(message) =>
					message.channel === channel &&
					isAfter(message.position, this.#positions[index] ?? beginning),
			);
			return next === undefined ? [] : [() => this.#send(next, index)];
		});
	}

	/** The hub ends the stream and says when to reconnect. */
	end(): void {
		if (this.readyState !== 1) return;
		this.#dispatch("sse.retry", "3000");
		this.lose();
	}

	/** The connection breaks, and the browser reconnects by itself. */
	lose(): void {
		this.readyState = 0;
		this.dispatchEvent(new Event("error"));
	}

	ping(): void {
		if (this.readyState === 1) this.#dispatch("sse.ping", "1000");
	}

	#open(): void {
		const { channels, published, serviceWorker } = this.#world;
		const cursor = (serviceWorker ? "" : this.#lastEventId) || this.#query;
		const heads = channels.map(
			(channel) => published.findLast((message) => message.channel === channel)?.position,
		);
		const positions = cursor === null ? heads : parseCursor(channels, cursor);
		this.#positions = positions.map((position) => position ?? beginning);
		this.readyState = 1;
		if (cursor === null) this.#lastEventId = formatCursor(channels, this.#positions);
		this.dispatchEvent(new Event("open"));
		this.ping();
	}

	#send({ position, type, n }: Published, index: number): void {
		this.#positions[index] = position;
		this.#lastEventId = formatCursor(this.#world.channels, this.#positions);
		this.#dispatch(type, String(n));
	}

	#dispatch(type: string, data: string): void {
		this.dispatchEvent(new MessageEvent(type, { data, lastEventId: this.#lastEventId }));
	}
}
