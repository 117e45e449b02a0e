import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import express from "express";
import Fastify from "fastify";
import { serve } from "srvx";
import { onTestFinished } from "vitest";
import { toNodeHandler } from "../../../src/adapters/node.ts";
import { memory } from "../../../src/connectors/memory.ts";
import type { ServerSentEventsOptions } from "../../../src/core/options.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";

/** A server in this process, so that the test sees both ends of a stream. */
export interface Host {
	server: Server;
	/** The URL of the streams. */
	url: string;
}

export type FetchHandler = (request: Request, host?: unknown) => Response | Promise<Response>;

/** An instance whose errors the test can read. It is closed when the test is over. */
export function instance(options: Partial<ServerSentEventsOptions> = {}) {
	const errors: unknown[] = [];
	const sse = new ServerSentEvents({
		connector: memory(),
		linger: 0,
		// No keep-alive within a test's time: what is noticed is noticed without a write.
		keepAlive: 600_000,
		onError: (error) => errors.push(error),
		...options,
	});
	onTestFinished(() => sse.close());
	return { sse, errors };
}

export async function listen(server: Server, path = "/"): Promise<Host> {
	server.listen(0, "127.0.0.1", 1_024);
	await once(server, "listening");
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	const { port } = server.address() as AddressInfo;
	return { server, url: `http://127.0.0.1:${port}${path}` };
}

export const overHttp = (listener: RequestListener): Promise<Host> =>
	listen(createServer(listener));

export function onHonoServer(fetch: FetchHandler): Promise<Host> {
	return listen(createAdaptorServer({ fetch }) as Server);
}

export async function onSrvx(fetch: FetchHandler): Promise<Host> {
	const app = serve({ fetch, port: 0, hostname: "127.0.0.1", silent: true });
	await app.ready();
	const server = app.node?.server as Server;
	onTestFinished(() => app.close(true));
	return { server, url: app.url ?? "" };
}

export async function onFastify(sse: ServerSentEvents): Promise<Host> {
	const app = Fastify();
	const handler = toNodeHandler(sse);
	app.addHook("onRequest", async (_, reply) => {
		reply.header("x-before", "from a hook");
	});
	app.get("/stream", (request, reply) => {
		reply.hijack();
		// Headers that plugins have set, such as those of `@fastify/cors`, are only on Fastify's reply until
		// then.
		for (const [name, value] of Object.entries(reply.getHeaders())) {
			if (value !== undefined) reply.raw.setHeader(name, value);
		}
		handler(request.raw, reply.raw);
	});
	const url = await app.listen({ port: 0, host: "127.0.0.1" });
	onTestFinished(() => app.close());
	return { server: app.server, url: `${url}/stream` };
}

export function onExpress(sse: ServerSentEvents): Promise<Host> {
	const app = express();
	app.use((_, response, next) => {
		response.setHeader("x-before", "from middleware");
		next();
	});
	app.use("/stream", toNodeHandler(sse));
	return listen(createServer(app), "/stream");
}

/** Every host that gives access to Node's response, serving `sse`. */
export const hosts: Record<string, (sse: ServerSentEvents) => Promise<Host>> = {
	"node:http": (sse) => overHttp(toNodeHandler(sse)),
	Express: onExpress,
	Fastify: onFastify,
	"@hono/node-server": (sse) => onHonoServer(sse.fetch),
	srvx: (sse) => onSrvx(sse.fetch),
};

/**
 * The hosts on which we write to the socket directly, past the response. On the others the host sends the body.
 */
export const sentByUs = ["node:http", "Express", "Fastify"];

interface Watched {
	on(event: "connection", watch: (socket: Socket) => void): unknown;
}

/**
 * The writes of a server to its sockets. It replaces Node's own `socket.write`, and so sees everything. A chunk
 * that goes past the response is one write, and through the response it is several.
 */
export function socketWrites(server: Watched): Buffer[] {
	const writes: Buffer[] = [];
	const watch = (socket: Socket): void => {
		const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
		socket.write = (...args: [unknown, ...unknown[]]) => {
			writes.push(Buffer.from(args[0] as string, "latin1"));
			return write(...args);
		};
	};
	server.on("connection", watch);
	return writes;
}

/** How many writes were made past the response. */
export const pastTheResponse = (writes: readonly Buffer[]): number =>
	writes.filter((bytes) => /^[0-9a-f]+\r\n.+\r\n$/s.test(bytes.toString("latin1"))).length;
