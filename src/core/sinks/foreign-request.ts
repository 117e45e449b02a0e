/**
 * What frameworks pass to their handlers instead of a `Request`. Each is recognised by its
 * shape, only to say what to write.
 */
interface Foreign {
	url?: unknown;
	headers?: { get?: unknown };
	rawHeaders?: unknown;
	req?: Foreign;
	request?: Foreign;
	raw?: Foreign;
	node?: Foreign;
}

/** By its shape: Hono replaces the `Request` class, so a request may be no instance of it. */
function isRequest({ url, headers }: Foreign): boolean {
	return typeof url === "string" && typeof headers?.get === "function";
}

const isNodes = (value?: Foreign): boolean => Array.isArray(value?.rawHeaders);

const byNode = (incoming: string, outgoing: string): string =>
	`On Node: toNodeHandler(sse) from "edge-sse/node", called with ${incoming} and ${outgoing}.`;

/**
 * @throws {TypeError} when this is no `Request`, but a framework's context or Node's own
 *   request. It says what to write.
 */
export function checkRequest(request: unknown): void {
	const given: Foreign = typeof request === "object" && request !== null ? request : {};
	if (isRequest(given)) return;
	throw new TypeError(
		`Cannot stream. request: must be a Request of the fetch API. ${advice(given)}`,
	);
}

function advice(given: Foreign): string {
	const { req, request, raw, node } = given;
	for (const [name, inside] of Object.entries({ req, request, raw })) {
		if (inside && isRequest(inside)) return `Pass its property "${name}".`;
	}
	if (req?.raw) {
		return 'In Hono: app.get("/stream", stream(sse)) with stream from "edge-sse/hono", or (c) => sse.stream(c.req.raw, { host: c.env }).';
	}
	if (isNodes(given)) {
		return 'On Node and in Express: app.get("/stream", toNodeHandler(sse)) with toNodeHandler from "edge-sse/node".';
	}
	if (isNodes(raw)) {
		return `In Fastify: reply.hijack(), then ${byNode("request.raw", "reply.raw")}`;
	}
	if (isNodes(req)) return `In Koa: ctx.respond = false, then ${byNode("ctx.req", "ctx.res")}`;
	if (isNodes(node?.req)) return byNode("event.node.req", "event.node.res");
	return "Pass the one that the host gave your handler.";
}
