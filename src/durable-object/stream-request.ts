import type { HistoryLimits } from "../connectors/shared/history-limits.ts";
import type { Connector } from "../core/connector.ts";
import { ConnectorError } from "../core/errors.ts";
import type { ServerSentEventsOptions } from "../core/options.ts";
import { queriedGuest } from "./guest.ts";
import type { Instances } from "./instances.ts";
import type { Broker } from "./object-broker.ts";
import { failureOf, failureStatus, objectHost, queriedLimits } from "./protocol.ts";

interface Parts {
	/** @throws {ConnectorError} when history is wanted, and the upstream has none. */
	connector(limits: HistoryLimits | undefined): Connector;
	readonly broker: Broker;
	readonly instances: Instances;
	/** Of the object's class. */
	readonly options: Omit<ServerSentEventsOptions, "connector">;
}

/** Answers a Worker: `/socket` with a socket, and `/frames` with a stream of the object's own. */
export async function answerStream(request: Request, parts: Parts): Promise<Response> {
	try {
		return await answer(request, parts);
	} catch (error) {
		if (!(error instanceof ConnectorError)) throw error;
		return Response.json(failureOf(error), { status: failureStatus });
	}
}

async function answer(
	request: Request,
	{ connector, broker, instances, options }: Parts,
): Promise<Response> {
	const { hostname, pathname, searchParams } = new URL(request.url);
	if (hostname !== objectHost) return notAsked();
	const name = searchParams.get("channel") ?? "";
	const limits = queriedLimits(searchParams);
	const made = connector(limits);
	const { accept, members, store } = broker;
	if (pathname === "/socket") {
		const guest = queriedGuest(searchParams);
		// After a deploy other streams reconnect, too. Until then this one would be told that their members left.
		const wait = searchParams.has("again") ? (guest?.grace ?? 0) : 0;
		return accept(name, guest, wait, limits !== undefined);
	}
	const prefix = searchParams.get("prefix") ?? "";
	const types = searchParams.get("types");
	// A subscription inside the object costs nothing. One to a broker should outlive a reload.
	const linger = store === undefined ? 2_000 : 0;
	const sse = instances.of(made, prefix, members, { linger, ...options });
	return sse.stream(request, {
		channel: name.slice(prefix.length),
		recent: Number(searchParams.get("recent")),
		types: types === null ? undefined : JSON.parse(types),
		expires: Number(searchParams.get("expires") ?? Number.POSITIVE_INFINITY),
	});
}

/** A Worker forwarded a client's own request. No `authorize` was called for it. */
function notAsked(): Response {
	const text = "SseChannel answers durableObject() only. Answer clients with sse.fetch(request).";
	return new Response(text, { status: 404 });
}
