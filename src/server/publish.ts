import type { Context } from "hono";
import type { AuthorizePublish } from "../auth.ts";
import { ConnectorError, SseError } from "../core/errors.ts";
import type { PublishOptions } from "../core/publish.ts";
import { defaultChannel } from "../core/request/request.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import type { PublishEnv } from "./access.ts";
import { logFailure } from "./log.ts";

const fields = ["data", "type", "id", "retry", "channel"];

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
	let body: unknown;
	try {
		body = JSON.parse(await c.req.text());
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
		return c.json(await sse.publish(data, options));
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
		return 'The body must be a JSON object with "data".';
	}
	if (!Object.hasOwn(body, "data")) return 'data: is missing; a message is {"data": …}.';
	const unknown = Object.keys(body).find((key) => !fields.includes(key));
	if (unknown !== undefined) {
		return `${JSON.stringify(unknown.slice(0, 64))}: is no field of a message; those are ${fields.join(", ")}.`;
	}
	const { channel } = body as { channel?: unknown };
	if (channel !== undefined && typeof channel !== "string") return "channel: must be a string.";
	return undefined;
}
