import { fork as forkModule } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { sendDirectly } from "../direct-send.ts";
import { exitWith } from "../process.ts";
import type { Refusal } from "../request-filter.ts";
import type { Fork, Listen, SharedPort } from "./runtime.ts";
import { acceptHanded, HandedPort } from "./shared-port.ts";

const serverOptions = {
	// How long a client may take to send a request, in ms. Then it is disconnected. Node's defaults are 60 s and 5 min.
	headersTimeout: 10_000,
	requestTimeout: 30_000,
	connectionsCheckingInterval: 2_000,
	// A request without a body needs no stream for it (Node 24.12).
	optimizeEmptyRequests: true,
};

export const listen: Listen = async (
	{ settings, requestFilter, unfilteredFetch },
	isShared = false,
) => {
	const listener = getRequestListener(sendDirectly(unfilteredFetch, settings.cors !== undefined));
	const server = createServer(serverOptions, (incoming, outgoing) => {
		const refusal = requestFilter(incoming.url ?? "/", calledHost(incoming));
		if (refusal !== undefined) return refuse(outgoing, refusal);
		// Hono's adapter makes a URL with the host, and accepts fewer forms of it than the filter. HTTP/1.0 has no host.
		incoming.headers.host = "localhost";
		void listener(incoming, outgoing);
	});
	const stop = async () => {
		server.close();
		server.closeAllConnections();
	};
	if (isShared) {
		acceptHanded(server);
		// To refuse, it closes the idle connections. The parent hands it no more.
		return { port: settings.port, refuse: () => server.closeIdleConnections(), stop };
	}
	const port = await opened(server, settings.port, settings.host);
	return { port, refuse: () => void server.close(), stop };
};

export const fork: Fork = (args, environment) =>
	forkModule(process.argv[1] ?? "", args, { env: { ...process.env, ...environment } });

export const share = (port: number, host: string, mostHeld: number): Promise<SharedPort> =>
	new HandedPort(mostHeld).open(port, host);

function opened(server: Server, port: number, host: string): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, host, () => {
			server.off("error", reject).on("error", exitWith);
			const address = server.address();
			resolve(typeof address === "object" && address !== null ? address.port : port);
		});
	});
}

/**
 * All hosts in the request: Node keeps only the first, and a proxy in front may have read
 * another.
 */
function calledHost({ rawHeaders }: IncomingMessage): string {
	return rawHeaders
		.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "host")
		.join();
}

function refuse(outgoing: ServerResponse, { status, error }: Refusal): void {
	const body = JSON.stringify({ error });
	outgoing.writeHead(status, {
		"content-type": "application/json",
		"content-length": Buffer.byteLength(body),
	});
	outgoing.end(body);
}
