import type { Connector, OutgoingMessage } from "../core/connector.ts";
import { logError, shielded } from "../core/error-handler.ts";
import { ConnectorError, type ErrorHandler } from "../core/errors.ts";
import { withPublishAll } from "../core/one-by-one.ts";
import { atEndOfTurn } from "../core/scheduling.ts";
import { boundedText } from "./bounded-text.ts";
import { RelayConnector } from "./connector.ts";
import {
	type RelayFacts,
	type RelayRequest,
	version,
	versionHeader,
	viaHeader,
} from "./protocol.ts";
import { parseRequest } from "./request.ts";
import { closing, RelayStreams, told } from "./streams.ts";

/** The options of `relayHandler()`. */
export interface RelayHandlerOptions {
	/**
	 * Decides whether a request comes from a relay that may use the broker. A relay may read and publish every channel.
	 *
	 * @example
	 * ```ts
	 * relayHandler(sse.connector, { authorize: (request) => request.headers.get("authorization") === `Bearer ${secret}` });
	 * ```
	 */
	authorize: (request: Request) => boolean | Promise<boolean>;
	/**
	 * Called for every error whose details no relay is told.
	 *
	 * @defaultValue the error is logged, at most five times a second
	 */
	onError?: ErrorHandler | undefined;
}

/** Answers the requests of relays. */
export interface RelayHandler {
	/** Answers one request. It never rejects. */
	fetch(request: Request): Promise<Response>;
	/** Ends the streams, and answers further requests with 503. Relays reconnect until another process answers. */
	close(): void;
}

/**
 * Lets other hubs use this one's broker, with `relay(url)` as their connector.
 *
 * @param connector the broker, or a function that returns it.
 * @param options who may relay, and where errors are reported.
 * @returns what answers the requests of relays.
 * @example
 * ```ts
 * import { redis } from "edge-sse/redis";
 * import { relayHandler } from "edge-sse/relay";
 *
 * const { fetch } = relayHandler(redis("redis://localhost:6379"), { authorize });
 * app.post("/relay", (c) => fetch(c.req.raw));
 * ```
 */
export function relayHandler(
	connector: Connector | (() => Connector),
	{ authorize, onError = logError }: RelayHandlerOptions,
): RelayHandler {
	const report = shielded(onError);
	const get = typeof connector === "function" ? connector : () => connector;
	let streams: RelayStreams | undefined;
	let closed = false;
	return {
		async fetch(request) {
			try {
				if (!(await authorize(request))) return refusal(401, "refused", needsToken);
				if (closed) return refusal(503, "unavailable", closing);
				const broker = get();
				if (broker.scope === "request") throw new ConnectorError("refused", noProcess);
				streams ??= new RelayStreams(broker, report);
				return await answer(request, broker, streams);
			} catch (error) {
				const { code, message } = told(error);
				if (!(error instanceof ConnectorError)) report(error, { stage: "subscribe" });
				return refusal(code === "refused" ? 403 : 503, code, message);
			}
		},
		close: () => {
			closed = true;
			streams?.close();
		},
	};
}

const noProcess =
	"This hub's I/O belongs to single requests, as on Cloudflare Workers, so no hub can relay it. Relay a hub that is a process.";

const needsToken = "Relays need a token: send `Authorization: Bearer …`.";

async function answer(
	request: Request,
	broker: Connector,
	streams: RelayStreams,
): Promise<Response> {
	if (request.method !== "POST") {
		return refusal(405, "refused", "Relays ask with POST.", { allow: "POST" });
	}
	const spoken = request.headers.get(versionHeader);
	if (spoken !== String(version)) {
		return refusal(
			400,
			"refused",
			`This hub has version ${version} of the relay's protocol. Update the older one of the two hubs.`,
		);
	}
	const circle = await circleOf(request.headers.get(viaHeader) ?? "", broker);
	if (circle)
		return refusal(
			508,
			"refused",
			"The hubs relay each other in a circle: one of them needs a broker.",
		);
	const text = await boundedText(request);
	if (text === undefined) return refusal(413, "refused", "The request is too large.");
	const asked = parseRequest(text);
	if (typeof asked === "string") return refusal(400, "refused", asked);
	if (asked.op === "subscribe") {
		const stream = streams.open(asked.channels, asked.positions, factsOf(broker));
		return new Response(stream.body, { headers: streamHeaders });
	}
	// A hub that was frozen reads requests that relays have given up meanwhile. It must not carry them out.
	for (let turn = 0; turn < turnsToLeave; turn++) await new Promise<void>(atEndOfTurn);
	if (request.signal.aborted) return refusal(499, "unavailable", "The relay has left.");
	return Response.json(await resultOf(asked, broker), { headers: noStore });
}

/** When a request and the end of its connection arrived together, the end is read some turns of the event loop later. */
const turnsToLeave = 3;

const noStore = { "cache-control": "no-store" };
const streamHeaders = {
	"content-type": "application/x-ndjson",
	"cache-control": "no-store, no-transform",
	"x-accel-buffering": "no",
};

function factsOf({ history, runs }: Connector): RelayFacts {
	return { history: history !== undefined, runs: runs !== undefined };
}

/** Whether a request passes a hub twice. The relays between this one and the root are asked as well. */
async function circleOf(header: string, broker: Connector): Promise<boolean> {
	if (!(broker instanceof RelayConnector)) return false;
	const via = header.split(",").flatMap((id) => id.trim() || []);
	if (via.includes(broker.id)) return true;
	await broker.trace(via);
	return false;
}

async function resultOf(
	asked: Exclude<RelayRequest, { op: "subscribe" }>,
	broker: Connector,
): Promise<unknown> {
	const { history, runs } = broker;
	switch (asked.op) {
		case "check":
			await broker.check?.();
			return factsOf(broker);
		case "publish":
			return { outcomes: await published(asked.messages, broker) };
		case "run":
			if (runs === undefined)
				throw new ConnectorError("refused", "The hub's broker keeps no runs.");
			return { result: await (runs[asked.call] as (...args: unknown[]) => unknown)(...asked.args) };
	}
	if (history === undefined) {
		throw new ConnectorError("refused", "The hub keeps no messages: give its broker a history.");
	}
	switch (asked.op) {
		case "read":
			return history.read(asked.channel, asked.after, asked.limit);
		case "head":
			return { position: await history.head(asked.channel, asked.back) };
		case "forget":
			if (history.forget === undefined) {
				throw new ConnectorError("refused", "The hub's broker cannot forget a channel.");
			}
			await history.forget(asked.channel);
			return {};
	}
}

async function published(messages: readonly OutgoingMessage[], broker: Connector) {
	const outcomes = await withPublishAll(broker).publishAll(messages);
	return outcomes.map((outcome) =>
		outcome.error === undefined ? outcome : { error: told(outcome.error) },
	);
}

function refusal(status: number, code: string, error: string, headers = {}): Response {
	const more = status === 401 ? { "www-authenticate": "Bearer" } : headers;
	return Response.json({ code, error }, { status, headers: { ...noStore, ...more } });
}
