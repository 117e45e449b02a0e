import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** What tests ask of a hub besides its streams. */

interface Reachable {
	readonly url: string;
	/** The token for publishing; undefined: none, or what the test itself gives. */
	readonly token?: string | undefined;
}

/** The URL of a stream of these channels. */
export function streamUrl(server: Reachable, ...channels: string[]): string {
	const query = new URLSearchParams(channels.map((channel) => ["channel", channel]));
	return `${server.url}/stream${channels.length === 0 ? "" : `?${query}`}`;
}

export interface Call {
	method?: string;
	headers?: Record<string, string>;
	/** A body in several parts is sent without its length. */
	body?: string | readonly string[];
}

export interface Answer {
	status: number;
	headers: Headers;
	body: string;
}

/**
 * A request on a connection of its own. `fetch` reuses connections, and sometimes finds that the server has
 * just closed one: after an answer that came before the body was read, or because it was idle while this
 * process had no processor time.
 */
export async function call(url: string, options: Call = {}): Promise<Answer> {
	const { method = "GET", headers = {}, body = [] } = options;
	const sent = request(url, { method, headers, agent: false });
	const answered = new Promise<IncomingMessage>((resolve, reject) => {
		// An answer may come before all is sent. Errors after it do not matter.
		sent.once("response", resolve).on("error", reject);
	});
	const parts = [body].flat();
	for (const part of parts.slice(0, -1)) sent.write(part);
	sent.end(parts.at(-1));
	const response = await answered;
	const pairs = Object.entries(response.headersDistinct).map(([name, values]): [string, string] => [
		name,
		values?.join(", ") ?? "",
	]);
	return {
		status: response.statusCode ?? 0,
		headers: new Headers(pairs),
		body: method === "HEAD" ? "" : await text(response),
	};
}

/** The answer's body, which must be JSON. */
export function json<T>({ status, body }: Answer): T {
	try {
		return JSON.parse(body) as T;
	} catch (cause) {
		throw new Error(`${status}, and no JSON: ${body.slice(0, 500)}`, { cause });
	}
}

/** `POST /publish` with any body: text is sent as it is. */
export async function post(
	server: Reachable,
	message: unknown,
	headers: Record<string, string> = {},
): Promise<Answer & { json: { receivers?: number; error?: string } }> {
	const answer = await call(`${server.url}/publish`, {
		method: "POST",
		headers: {
			"content-type": "application/json",
			...(server.token !== undefined && { authorization: `Bearer ${server.token}` }),
			...headers,
		},
		body: typeof message === "string" ? message : JSON.stringify(message),
	});
	return { ...answer, json: json(answer) };
}

/** Publishes a message that must succeed, and returns how many clients received it. */
export async function publish(
	server: Reachable,
	message: { data: unknown; channel?: string } & Record<string, unknown>,
	headers: Record<string, string> = {},
): Promise<number> {
	const { status, json } = await post(server, message, headers);
	if (status !== 200 || typeof json.receivers !== "number") {
		throw new Error(`POST /publish: ${status} ${JSON.stringify(json)}`);
	}
	return json.receivers;
}

export interface Health {
	/** `ok` with 200; a word for what is wrong with 503. */
	status: string;
	connector: string;
	connections: number;
	channels: number;
}

export async function health(server: Reachable): Promise<Health> {
	const answer = await call(`${server.url}/healthz`);
	const state = json<Health>(answer);
	if (answer.status === (state.status === "ok" ? 200 : 503)) return state;
	throw new Error(`GET /healthz: ${answer.status} ${answer.body}`);
}
