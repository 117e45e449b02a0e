import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { checkEventStream, type StreamCheckOptions } from "../../../src/testing.ts";

/** Servers that a test makes wrong, and what `checkEventStream()` finds there. */

export const patient = { idle: 500, latency: 1_000, timeout: 40_000 };
export const eventStream = {
	"content-type": "text/event-stream",
	"cache-control": "no-cache, no-transform",
};

async function addressOf(server: Server): Promise<string> {
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`;
}

export async function http(listener: RequestListener): Promise<string> {
	const server = createHttpServer(listener);
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	return addressOf(server);
}

/** A server that writes its own bytes, from the first bytes of each request on. */
export async function raw(answer: (socket: Socket) => void): Promise<string> {
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => socket.destroy()).once("data", () => answer(socket));
	});
	onTestFinished(() => {
		server.close();
		for (const socket of sockets) socket.destroy();
	});
	return addressOf(server);
}

/** The faults, with what was seen. */
export async function faults(url: string, options: StreamCheckOptions = {}): Promise<string[]> {
	const findings = await checkEventStream(url, { ...patient, ...options });
	return findings
		.filter(({ level }) => level === "fault")
		.map(({ check, seen }) => `${check}: ${seen}`);
}
