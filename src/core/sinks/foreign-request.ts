/**
 * What frameworks hand their handlers in place of a `Request`. Each is told by its shape, and only to say what to write
 * instead.
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

/** By shape: where a host has put a class of its own in the place of `Request`, as Hono does, it is no instance. */
function isRequest({ url, headers }: Foreign): boolean {
	return typeof url === "string" && typeof headers?.get === "function";
}

const isNodes = (value?: Foreign): boolean => Array.isArray(value?.rawHeaders);

const byNode = (incoming: string, outgoing: string): string =>
	`On Node: toNodeHandler(sse) from "edge-sse/node", called with ${incoming} and ${outgoing}.`;

/**
 * @throws {TypeError} when a stream is asked for with what is no `Request`: the context of a framework, or Node's own
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
		if (inside && isRequest(inside))
			return `What was given has it as its property "${name}": hand in that.`;
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
	return "Hand in the one that the host gave your handler.";
}
