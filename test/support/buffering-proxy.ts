import { once } from "node:events";
import {
	createServer,
	request as httpRequest,
	type IncomingMessage,
	type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** How much of a response passes before it is whole. */
export type Held = "nothing" | "all" | "the body" | "what follows the first bytes";

export interface BufferingProxy {
	readonly url: string;
	/** The requests so far: the path with its query, and what they accept. */
	readonly requests: { url: string; accept: string | undefined }[];
	/** From now on, also for responses that have begun. */
	hold(what: Held): void;
	close(): Promise<void>;
}

/** An HTTP proxy that keeps a response until it is whole, as some in companies and virus scanners do. */
export async function bufferingProxy(target: string): Promise<BufferingProxy> {
	let held: Held = "nothing";
	const requests: BufferingProxy["requests"] = [];

	const pass = (from: IncomingMessage, to: ServerResponse): void => {
		const { statusCode = 502, headers } = from;
		let chunks: Buffer[] = [];
		let count = 0;
		// The proxy sends a whole response, without the header of its transfer coding.
		const { "transfer-encoding": _, connection: __, ...rest } = headers;
		const head = () => {
			if (!to.headersSent) to.writeHead(statusCode, rest).flushHeaders();
		};
		const flush = () => {
			head();
			to.write(Buffer.concat(chunks));
			chunks = [];
		};
		if (held !== "all") head();
		from.on("data", (chunk: Buffer) => {
			chunks.push(chunk);
			const isFirst = count++ === 0;
			if (held === "nothing" || (held === "what follows the first bytes" && isFirst)) flush();
		});
		from.on("end", () => {
			flush();
			to.end();
		});
		from.on("error", () => to.destroy());
	};

	const server = createServer((request, response) => {
		const { method, url = "/", headers } = request;
		requests.push({ url, accept: headers.accept });
		const forwarded = httpRequest(new URL(url, target), { method, headers });
		forwarded.on("response", (answer) => pass(answer, response));
		forwarded.on("error", () => response.destroy());
		response.on("close", () => forwarded.destroy());
		request.pipe(forwarded);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		requests,
		hold: (what) => {
			held = what;
		},
		close: async () => {
			const closed = once(server, "close");
			server.close();
			server.closeAllConnections();
			await closed;
		},
	};
}
