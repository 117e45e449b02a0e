import type { Context } from "hono";
import { SseError } from "../core/errors.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import type { Presence } from "../presence.ts";
import { logFailure } from "./log.ts";
import { reused } from "./reused.ts";
import { alone, type Whole } from "./whole.ts";

/** Channels that are named, however many there are. */
const mostNamed = 20;

/** How long an overview is reused, in ms. */
const freshness = 1_000;

interface NamedChannel {
	channel: string;
	/** Streams of it in all processes, those that are just being opened and readers that wait for JSON included. */
	connections: number;
	/** Members in all processes, where they are counted. */
	occupancy?: number;
}

/** What the hub has: its streams, its channels, and the largest of these that this process has. */
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
			// The rest is known all the same while the broker is away.
			this.#presence?.occupancy(name).catch((error: unknown) => logFailure("channels", error)),
		]);
		return { channel: name, connections, ...(typeof occupancy === "number" && { occupancy }) };
	}
}

interface Channel {
	readonly name: string;
	readonly users: number;
}

/** The channels with the most streams, the largest first. One look at each: there may be many. */
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

/** `GET /channels`. Undefined where a process's figures mean nothing, as on Workers. */
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
