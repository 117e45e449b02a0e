/**
 * Middleware and a handler for Hono.
 *
 * ```ts
 * import { Hono } from "hono";
 * import { sse } from "edge-sse";
 * import { stream } from "edge-sse/hono";
 *
 * const app = new Hono();
 * app.get("/stream", stream(sse));
 * export default app;
 * ```
 *
 * @module
 */

import type { Context, Handler, MiddlewareHandler } from "hono";
import type { EventMap } from "../core/message/schema.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import type { StreamOptions } from "../core/stream-options.ts";

/** What `sseMiddleware` sets on the context: `new Hono<{ Variables: SseVariables<Events> }>()`. */
export type SseVariables<Events extends object = EventMap> = { sse: ServerSentEvents<Events> };

/** The part of an instance that a stream needs, for any events. */
export type Streaming = Pick<ServerSentEvents, "stream">;

/** An option, or a function of Hono's context that returns it. */
type Given<T> = T | ((c: Context) => T | Promise<T>);

/**
 * The options of `sse.stream`. Each may be a function of Hono's context, also an asynchronous
 * one; its error goes to `app.onError`. The `host` is `c.env`.
 */
export interface HonoStreamOptions {
	/**
	 * The channels of this stream, instead of the request's own `?channel=`. When the value, or
	 * the function's result, is `undefined` (a missing parameter), `app.onError` gets a
	 * `TypeError`.
	 *
	 * @defaultValue the client chooses by `?channel=`
	 */
	channel?: Given<StreamOptions["channel"]>;
	/**
	 * With history: how many of each channel's newest messages a new client is sent first.
	 *
	 * @defaultValue `0`
	 */
	recent?: Given<StreamOptions["recent"]>;
	/**
	 * When the stream ends, in ms since 1970. The client then reconnects and is authorized again.
	 *
	 * @defaultValue no end
	 */
	expires?: Given<StreamOptions["expires"]>;
}

/**
 * Sets the instance on the context as `c.var.sse`, typed by its events.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import type { ServerSentEvents } from "edge-sse";
 * import { type SseVariables, sseMiddleware } from "edge-sse/hono";
 *
 * type Events = { greeting: { message: string } };
 * declare const sse: ServerSentEvents<Events>;
 *
 * const app = new Hono<{ Variables: SseVariables<Events> }>();
 * app.use(sseMiddleware(sse));
 * app.post("/hello", async (c) =>
 * 	c.json(await c.var.sse.publish({ message: "Hello!" }, { type: "greeting" })),
 * );
 * ```
 *
 * @param source the instance, or a function of `c.env` that makes it on the first request, as
 *   Workers need it.
 * @see https://hono.dev/docs/guides/middleware
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
 * Answers with an event stream. Where `toNodeHandler(app)` of `edge-sse/node` serves the app,
 * it bypasses web streams.
 *
 * Without an instance it uses the one that `sseMiddleware` has set on the context. Headers that
 * were already set on the context are sent, too.
 *
 * @example
 * ```ts
 * import { stream } from "edge-sse/hono";
 *
 * app.get("/stream", stream(sse)); // the channels of `?channel=`, like `sse.fetch`
 * app.get("/rooms/:room", stream(sse, { channel: (c) => `room.${c.req.param("room")}` }));
 * ```
 *
 * @throws {TypeError} from the handler, when there is no instance or an option breaks its rule.
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
		// Leaves out options that were not given: one that is present and undefined is refused.
		const given: StreamOptions = { host: c.env };
		for (const name of ["channel", "recent", "expires"] as const) {
			const option: unknown = options[name];
			if (!(name in options)) continue;
			Object.assign(given, { [name]: await (typeof option === "function" ? option(c) : option) });
		}
		const response = await sse.stream(c.req.raw, given);
		// Hono adds the headers of `c.header()` only to a response that it made itself.
		return c.newResponse(response.body, response);
	};
}
