import type { Context, Handler, MiddlewareHandler } from "hono";
import type { EventMap } from "../core/message/schema.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import type { StreamOptions } from "../core/stream-options.ts";

/** What `sseMiddleware` puts on the context: `new Hono<{ Variables: SseVariables<Events> }>()`. */
export type SseVariables<Events extends object = EventMap> = { sse: ServerSentEvents<Events> };

/** As much of an instance as a stream needs, whatever its events are. */
export type Streaming = Pick<ServerSentEvents, "stream">;

/** An option, or a function of Hono's context that gives it. */
type Given<T> = T | ((c: Context) => T | Promise<T>);

/**
 * What `sse.stream` takes, each a value or a function of Hono's context, which may be asynchronous; what it throws
 * goes to `app.onError`. The `host` is `c.env`.
 */
export interface HonoStreamOptions {
	/**
	 * Instead of the request's own `?channel=`. Leave it out to let the client choose. One that is undefined is a
	 * `TypeError`, and so is a function that gives none (a parameter that is not there); `app.onError` hears of it.
	 */
	channel?: Given<StreamOptions["channel"]>;
	/** With history: how many of each channel's newest messages a client that is new is sent first. Default 0. */
	recent?: Given<StreamOptions["recent"]>;
	/** When the stream is to end, so that the client comes back and is asked again; in ms since 1970. */
	expires?: Given<StreamOptions["expires"]>;
}

/**
 * Puts the instance on the context as `c.var.sse`, typed by its events.
 *
 * ```ts
 * const app = new Hono<{ Variables: SseVariables<Events> }>();
 * app.use(sseMiddleware(sse));
 * app.post("/hello", async (c) => c.json(await c.var.sse.publish({ message: "Hello!" }, { type: "greeting" })));
 * ```
 *
 * @param source the instance, or a function that makes it with the first request: on Workers, from `c.env`.
 */
export function sseMiddleware<Events extends object = EventMap>(
	source: ServerSentEvents<Events> | ((c: Context) => ServerSentEvents<Events>),
): MiddlewareHandler<{ Variables: SseVariables<Events> }> {
	let sse = typeof source === "function" ? undefined : source;
	return async (c, next) => {
		sse ??= typeof source === "function" ? source(c) : source;
		c.set("sse", sse);
		await next();
	};
}

/**
 * Answers with an event stream; where `toNodeHandler(app)` of `edge-sse/node` serves the app, past web streams.
 *
 * ```ts
 * app.get("/stream", stream(sse)); // the channels of `?channel=`, as `sse.fetch`
 * app.get("/rooms/:room", stream(sse, { channel: (c) => `room.${c.req.param("room")}` }));
 * ```
 *
 * Without an instance it takes the one that `sseMiddleware` has put on the context. Headers that were set on the
 * context before are sent, too.
 */
export function stream(options?: HonoStreamOptions): Handler;
export function stream(sse: Streaming, options?: HonoStreamOptions): Handler;
export function stream(
	first: Streaming | HonoStreamOptions = {},
	second: HonoStreamOptions = {},
): Handler {
	const [own, options] = "stream" in first ? [first, second] : [undefined, first];
	return async (c) => {
		const sse: Streaming | undefined = own ?? c.var.sse;
		if (sse === undefined) {
			throw new TypeError("stream: pass an instance, or set one with sseMiddleware.");
		}
		// An option that is not given stays away: one that is there and undefined is refused.
		const given: StreamOptions = { host: c.env };
		for (const name of ["channel", "recent", "expires"] as const) {
			const option: unknown = options[name];
			if (!(name in options)) continue;
			Object.assign(given, { [name]: await (typeof option === "function" ? option(c) : option) });
		}
		const response = await sse.stream(c.req.raw, given);
		// Hono puts what `c.header()` has set into a response of its own making only.
		return c.newResponse(response.body, response);
	};
}
