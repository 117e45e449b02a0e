import type { IncomingMessage } from "node:http";

/** What a request asks for, as Upstash documents its REST API. */
export type Asked =
	| { kind: "command"; command: string[] }
	| { kind: "pipeline" | "multi-exec"; commands: string[][] }
	| { kind: "subscribe" | "psubscribe"; channel: string };

/** Answered as `{ error }` with this status. */
export class HttpError extends Error {
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

/** The path's segments decoded, and the query without the token. */
export interface Target {
	segments: string[];
	query: URLSearchParams;
	token: string | undefined;
}

/** Reads the raw request target: `URL` would resolve `..` here, which a test wants to see. */
export function targetOf(request: IncomingMessage): Target {
	const [path = "/", search = ""] = (request.url ?? "/").split("?", 2);
	const query = new URLSearchParams(search);
	const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
	const token = bearer ?? query.get("_token") ?? undefined;
	query.delete("_token");
	try {
		const segments = path.split("/").slice(1).map(decodeURIComponent);
		return { segments: segments.at(-1) === "" ? segments.slice(0, -1) : segments, query, token };
	} catch {
		throw new HttpError(400, "ERR malformed path");
	}
}

export async function asked(request: IncomingMessage, target: Target): Promise<Asked> {
	const { segments, query } = target;
	const body = await bodyOf(request);
	const [name, ...rest] = segments;
	if (name === undefined) return { kind: "command", command: strings(json(body)) };
	if (name === "pipeline" || name === "multi-exec") {
		const commands: unknown = json(body);
		if (!Array.isArray(commands)) throw new HttpError(400, "ERR expected an array of commands");
		return { kind: name, commands: commands.map(strings) };
	}
	if (name === "subscribe" || name === "psubscribe") {
		if (rest.length !== 1) throw new HttpError(400, `ERR ${name} takes one channel`);
		return { kind: name, channel: rest[0] ?? "" };
	}
	// A body is the command's last argument, and the query's parameters come after it.
	const command = [...segments, ...(body.length > 0 ? [body.toString()] : [])];
	for (const [key, value] of query) command.push(key, ...(value === "" ? [] : [value]));
	return { kind: "command", command };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

function json(body: Buffer): unknown {
	try {
		return JSON.parse(body.toString());
	} catch {
		throw new HttpError(400, "ERR failed to parse the command");
	}
}

function strings(command: unknown): string[] {
	if (!Array.isArray(command) || command.length === 0)
		throw new HttpError(400, "ERR empty command");
	return command.map((argument: unknown) => {
		if (typeof argument === "object") throw new HttpError(400, "ERR an argument is no scalar");
		return String(argument);
	});
}

/** A Redis reply as JSON: `Upstash-Encoding: base64` encodes every string but OK. */
export function resultOf(reply: unknown, base64: boolean): unknown {
	if (Array.isArray(reply)) return reply.map((item) => resultOf(item, base64));
	if (reply instanceof Error) return reply.message;
	if (!(Buffer.isBuffer(reply) || typeof reply === "string")) return reply ?? null;
	const bytes = Buffer.from(reply);
	return base64 && bytes.toString() !== "OK" ? bytes.toString("base64") : bytes.toString();
}

/** The commands that a request is billed for. */
export function commandsOf(wish: Asked): string[][] {
	if (wish.kind === "command") return [wish.command];
	return "commands" in wish ? wish.commands : [[wish.kind, wish.channel]];
}
