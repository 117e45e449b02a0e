import type { Context } from "hono";
import type { AuthorizePublish } from "../auth.ts";
import { ConnectorError, SseError } from "../core/errors.ts";
import type { PublishChannel, PublishOptions } from "../core/publish.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import type { PublishEnv } from "./access.ts";
import { logFailure } from "./log.ts";
import {
	arrayProblem,
	channelFieldProblem,
	channelsOf,
	messagesOf,
	resultsOf,
} from "./publish-several.ts";

const fields = ["data", "type", "id", "retry", "channel", "keep", "key"];

/**
 * `POST /publish`: flask-sse's dictionary, plus `channel`, `keep` and `key`, as JSON; or an array of these.
 *
 * @param authorize asks a signed token for the channels, where the request has no other leave.
 */
export async function publish(
	c: Context<PublishEnv>,
	sse: ServerSentEvents,
	authorize: AuthorizePublish | undefined,
): Promise<Response> {
	let text: string;
	let body: unknown;
	try {
		text = await c.req.text();
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
			const leave = await authorize?.(c.req.raw, channelsOf(body));
			if (leave instanceof Response) return leave;
			if (leave !== true) return c.json({ error: "Publishing is not allowed." }, 403);
		}
		if (Array.isArray(body)) {
			return c.json(resultsOf(await sse.publishAll(messagesOf(text, body))));
		}
		const { data, ...options } = body as { data: unknown } & PublishOptions<PublishChannel>;
		const done = await sse.publish(data, options);
		return c.json(Array.isArray(done) ? resultsOf(done) : done);
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

function bodyProblem(body: unknown): string | undefined {
	if (typeof body !== "object" || body === null || Array.isArray(body)) {
		return 'The body must be a JSON object with "data", or an array of these.';
	}
	if (!Object.hasOwn(body, "data")) return 'data: is missing; a message is {"data": …}.';
	const unknown = Object.keys(body).find((key) => !fields.includes(key));
	if (unknown !== undefined) {
		return `${JSON.stringify(unknown.slice(0, 64))}: is no field of a message; those are ${fields.join(", ")}.`;
	}
	const { channel } = body as { channel?: unknown };
	return channelFieldProblem(channel);
}
