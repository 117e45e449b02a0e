import type { Disconnect } from "./control/disconnect.ts";
import { Poll } from "./delivery/poll.ts";
import { firstMessages } from "./first.ts";
import type { Selection } from "./history/render.ts";
import type { Hubs } from "./hubs.ts";
import { byteLength } from "./message/text.ts";
import type { CheckedOptions } from "./options.ts";
import { pollRequest } from "./request/poll-request.ts";
import {
	asksForControl,
	asksForEnvelope,
	asksForNamedCursor,
	requestedCursor,
} from "./request/request.ts";
import { liftIdleTimeout, listenForDeparture, stopListening } from "./sinks/host.ts";
import type { StreamOptions } from "./stream-options.ts";

/** Aborts a wait when the client has left. */
class Departure extends AbortController {
	handleEvent(): void {
		this.abort();
	}

	onLeft(): void {
		this.abort();
	}
}

/** Who reads what. */
interface Reader {
	readonly names: readonly string[];
	readonly selection: Selection;
	/** When the right to read ends, in ms since 1970; a wait ends no later. */
	readonly expires: number;
	readonly route: StreamOptions;
	readonly report: CheckedOptions["onError"];
	/** Where a channel's broker tells which streams to end. */
	readonly onDisconnect: (disconnect: Disconnect) => void;
}

/**
 * Reads messages for a request that prefers JSON.
 *
 * @param endings end the wait: the instance closes, or the client may not stay.
 * @returns the text of the answer.
 * @throws {ConnectorError} when the broker is away or refuses.
 */
export async function poll(
	request: Request,
	{ names, selection, expires, route, report, onDisconnect }: Reader,
	hubs: Hubs,
	endings: readonly AbortSignal[],
): Promise<string> {
	const { host, envelope = asksForEnvelope(request) } = route;
	const hub = hubs.hubFor(host);
	const departure = new Departure();
	const { limit, wait } = pollRequest(request);
	const lastEventId = requestedCursor(request);
	// Plain readers of JSON get messages, and know what they asked for.
	const events = asksForControl(request);
	const isNew = events && lastEventId === undefined;
	liftIdleTimeout(request, host);
	listenForDeparture(request, host, departure);
	try {
		const reading = new Poll(hub, names, {
			limit,
			wait: Math.min(wait, expires - Date.now()),
			selection,
			view: { events, envelope, named: asksForNamedCursor(request) },
			lastEventId,
			recent: isNew ? (route.recent ?? 0) : 0,
			// Not with each answer: one that gives the same events again would be asked without a pause.
			first: isNew ? firstMessages(route.first, undefined, report) : undefined,
			signals: [departure.signal, ...endings],
			onDisconnect,
		}).answer();
		const { json, count, gaps } = await hubs.underWay(reading);
		hubs.counters.frames += count;
		hubs.counters.gaps += gaps;
		hubs.counters.bytes += byteLength(json);
		return json;
	} finally {
		stopListening(request, host, departure);
		hubs.release(hub);
	}
}
