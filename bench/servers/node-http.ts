import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A plain `node:http` server: `POST /publish` and streams. */
export function serveNode(
	publish: (body: string) => void,
	stream: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): void {
	const server = createServer((request, response) => {
		const answered =
			request.method === "POST"
				? text(request).then((body) => {
						publish(body);
						response.writeHead(204).end();
					})
				: stream(request, response);
		answered.catch((error: unknown) => {
			console.error(error);
			process.exit(1);
		});
	});
	server.listen(0, "127.0.0.1", () => {
		console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	});
}
