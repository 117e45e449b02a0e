import type { Context } from "hono";
import type { AuthorizePublish } from "../auth.ts";
import { ConnectorError, SseError } from "../core/errors.ts";
import type { PublishOptions } from "../core/publish.ts";
import { defaultChannel } from "../core/request/request.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import type { PublishEnv } from "./access.ts";
import { logFailure } from "./log.ts";
import {
	bodyProblem,
	dataOf,
	isTooDeep,
	maxBodyBytes,
	maxDepth,
	readBody,
} from "./publish-body.ts";

/**
 * `POST /publish`: flask-sse's dictionary, plus `channel`, as JSON.
 *
 * @param authorize asks a signed token for the channel, where the request has no other leave.
 */
export async function publish(
	c: Context<PublishEnv>,
	sse: ServerSentEvents,
	authorize: AuthorizePublish | undefined,
): Promise<Response> {
	const read = await readBody(c.req.raw);
	if (read === "large") return c.json({ error: `The body is over ${maxBodyBytes} bytes.` }, 413);
	if (read === "broken") return c.json({ error: "The body broke off." }, 400);
	const { text } = read;
	if (isTooDeep(text)) {
		return c.json({ error: `The body is nested over ${maxDepth} levels deep.` }, 400);
	}
	let body: unknown;
	try {
		body = JSON.parse(text);
	} catch {
		return c.json(
			{ error: 'The body must be JSON: {"data": …, "type"?, "id"?, "retry"?, "channel"?}.' },
			400,
		);
	}
	const problem = bodyProblem(body);
	if (problem !== undefined) return c.json({ error: problem }, 400);
	const { data, ...options } = body as { data: unknown } & PublishOptions;
	try {
		if (!c.var.mayPublish) {
			const leave = await authorize?.(c.req.raw, options.channel ?? defaultChannel);
			if (leave instanceof Response) return leave;
			if (leave !== true) return c.json({ error: "Publishing is not allowed." }, 403);
		}
		return c.json(await sse.publish(dataOf(text, data), options));
	} catch (error) {
		if (error instanceof TypeError) return c.json({ error: error.message }, 400);
		if (error instanceof ConnectorError) {
			logFailure("publish", error);
			return c.json({ error: "The broker cannot be reached; the message was not published." }, 503);
		}
		if (error instanceof SseError && error.code === "unavailable") {
			logFailure("publish", error);
			return c.json(
				{ error: "The token cannot be checked now; the message was not published." },
				503,
			);
		}
		throw error;
	}
}
