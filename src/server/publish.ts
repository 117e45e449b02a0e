import type { Context } from "hono";
import type { AuthorizePublish } from "../auth.ts";
import { ConnectorError, SseError } from "../core/errors.ts";
import type { PublishChannel, PublishOptions } from "../core/publish.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import type { PublishEnv } from "./access.ts";
import { logFailure } from "./log.ts";
import { bodyProblem, dataOf, maxBodyBytes, maxDepth, readBody } from "./publish-body.ts";
import { arrayProblem, channelsOf, messagesOf, resultsOf } from "./publish-several.ts";

/**
 * `POST /publish`: a message as JSON, or an array of messages. A message has the fields of flask-sse, and `channel`, `keep`
 * and `key`.
 *
 * @param authorize asks whether a signed token may publish to the channels. It is not asked for a request that may publish
 *   to all of them.
 */
export async function publish(
	c: Context<PublishEnv>,
	sse: ServerSentEvents,
	authorize: AuthorizePublish | undefined,
): Promise<Response> {
	// The token is checked first, so that a stranger cannot make the hub read a megabyte.
	if (!c.var.mayPublish) {
		const refusal = await refusalOf(c, authorize, []);
		if (refusal !== undefined) return refusal;
	}
	const read = await readBody(c.req.raw);
	if (read === "large") return c.json({ error: `The body is over ${maxBodyBytes} bytes.` }, 413);
	if (read === "broken") return c.json({ error: "The body broke off." }, 400);
	if (read === "deep") {
		return c.json({ error: `The body is nested over ${maxDepth} levels deep.` }, 400);
	}
	const { text } = read;
	let body: unknown;
	try {
		body = JSON.parse(text);
	} catch {
		return c.json(
			{ error: 'The body must be JSON: {"data": …, "type"?, "id"?, "retry"?, "channel"?}.' },
			400,
		);
	}
	const problem = Array.isArray(body) ? arrayProblem(body, bodyProblem) : bodyProblem(body);
	if (problem !== undefined) return c.json({ error: problem }, 400);
	try {
		if (!c.var.mayPublish) {
			const refusal = await refusalOf(c, authorize, channelsOf(body));
			if (refusal !== undefined) return refusal;
		}
		if (Array.isArray(body)) {
			return c.json(resultsOf(await sse.publishAll(messagesOf(text, body))));
		}
		const { data, ...options } = body as { data: unknown } & PublishOptions<PublishChannel>;
		const done = await sse.publish(dataOf(text, data), options);
		return c.json(Array.isArray(done) ? resultsOf(done) : done);
	} catch (error) {
		if (error instanceof TypeError) return c.json({ error: error.message }, 400);
		if (error instanceof ConnectorError) {
			logFailure("publish", error);
			return c.json({ error: "The broker cannot be reached; the message was not published." }, 503);
		}
		throw error;
	}
}

/** The answer to a request that may not publish to these channels. Undefined: it may. */
export async function refusalOf(
	c: Context<PublishEnv>,
	authorize: AuthorizePublish | undefined,
	channels: readonly string[],
): Promise<Response | undefined> {
	try {
		const leave = await authorize?.(c.req.raw, channels);
		if (leave instanceof Response) return leave;
		return leave === true ? undefined : c.json({ error: "Publishing is not allowed." }, 403);
	} catch (error) {
		if (!(error instanceof SseError) || error.code !== "unavailable") throw error;
		logFailure("publish", error);
		return c.json({ error: "The token cannot be checked now; nothing was done." }, 503);
	}
}
