import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";

/** Serves prepared streams of bytes, cut at given places. */
export interface Streams {
	/** The address of a page of the same origin. */
	readonly url: string;
	/** @returns the URL of the stream, for any number of readers, until it is withdrawn. */
	offer(chunks: readonly Uint8Array[]): string;
	withdraw(url: string): void;
	close(): Promise<void>;
}

export async function serveStreams(): Promise<Streams> {
	const offers = new Map<string, readonly Uint8Array[]>();
	let count = 0;
	const server = createServer(async (request, response) => {
		const chunks = offers.get(request.url ?? "");
		if (chunks === undefined) {
			response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
			return;
		}
		response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
		response.socket?.setNoDelay(true);
		for (const chunk of chunks) {
			if (response.destroyed) return;
			// One turn for each chunk, so that each becomes a packet of its own.
			if (!response.write(chunk)) await Promise.race([once(response, "drain"), closed(response)]);
			else await nextTurn();
		}
		// The response stays open, or an EventSource would reconnect.
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	const url = `http://127.0.0.1:${port}`;
	return {
		url,
		offer(chunks) {
			const path = `/stream/${++count}`;
			offers.set(path, chunks);
			return url + path;
		},
		withdraw: (stream) => void offers.delete(new URL(stream).pathname),
		close: async () => {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
	};
}

function closed(response: NodeJS.EventEmitter): Promise<unknown> {
	return once(response, "close");
}
