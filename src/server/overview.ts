import type { Context } from "hono";
import { SseError } from "../core/errors.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import type { Presence } from "../presence.ts";
import { logFailure } from "./log.ts";
import { reused } from "./reused.ts";
import { alone, type Whole } from "./whole.ts";

/** How many channels are named at most. */
const mostNamed = 20;

/** How long an overview is reused, in ms. */
const freshness = 1_000;

interface NamedChannel {
	channel: string;
	/** Its streams in all processes. Streams that are being opened and readers that wait for JSON count, too. */
	connections: number;
	/** Its members in all processes, where they are counted. */
	occupancy?: number;
}

/** Counts the hub's streams and channels, and finds the largest channels of this process. */
export class Overview {
	readonly #sse: ServerSentEvents;
	readonly #whole: Whole;
	readonly #presence: Presence | undefined;
	/** Rejects with an `SseError` when the hub's other processes cannot be asked. */
	readonly read: () => Promise<object> = reused(freshness, () => this.#read());

	constructor(sse: ServerSentEvents, presence: Presence | undefined, whole: Whole = alone(sse)) {
		this.#sse = sse;
		this.#whole = whole;
		this.#presence = presence;
	}

	async #read(): Promise<object> {
		const found = largest(this.#sse);
		const [{ connections, channels }, named] = await Promise.all([
			this.#whole.stats(),
			Promise.all(found.map((channel) => this.#describe(channel))),
		]);
		return { connections, channels, largest: named.sort((a, b) => b.connections - a.connections) };
	}

	async #describe({ name, users }: Channel): Promise<NamedChannel> {
		const [connections, occupancy] = await Promise.all([
			this.#whole.isShared ? this.#whole.streamsOf(name) : users,
			// Without the broker the members are unknown, but the streams are still counted.
			this.#presence?.occupancy(name).catch((error: unknown) => logFailure("channels", error)),
		]);
		return { channel: name, connections, ...(typeof occupancy === "number" && { occupancy }) };
	}
}

interface Channel {
	readonly name: string;
	readonly users: number;
}

/** The channels with the most streams, the largest first. Found in one pass, because there may be many channels. */
function largest(sse: ServerSentEvents): readonly Channel[] {
	const found: Channel[] = [];
	for (const [name, { users }] of sse.channels().flatMap((channels) => [...channels])) {
		if (users === 0 || users <= (found[mostNamed - 1]?.users ?? 0)) continue;
		const before = found.findLastIndex((other) => other.users >= users);
		found.splice(before + 1, 0, { name, users });
		if (found.length > mostNamed) found.pop();
	}
	return found;
}

/** `GET /channels`. The overview is undefined on Workers, where isolates come and go with their counts. */
export async function showOverview(c: Context, overview: Overview | undefined): Promise<Response> {
	if (overview === undefined) return c.json({ error: noCounts }, 404);
	try {
		return c.json(await overview.read(), 200, { "cache-control": "no-store" });
	} catch (error) {
		if (!(error instanceof SseError)) throw error;
		logFailure("channels", error);
		return c.json({ error: "The hub's processes did not answer. Try again." }, 503, later);
	}
}

const later = { "retry-after": "5" };

export const noCounts =
	"A Worker's isolates come and go with their counts; see the platform's own metrics.";
