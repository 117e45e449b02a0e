/**
 * Control: the least work that Node can do. A message becomes one Buffer, with HTTP's chunk header and trailer. It is
 * written to each socket directly, without `ServerResponse`.
 */
import type { Socket } from "node:net";
import { Channels, channelOf, frame, headers, opening } from "./channels.ts";
import { serveNode } from "./node-http.ts";

const channels = new Channels<Socket>((sockets, data) => {
	const text = frame(data);
	const chunk = Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
	for (const socket of sockets) socket.write(chunk);
});

serveNode(
	(body) => channels.publish(body),
	async (request, response) => {
		const channel = channelOf(request.url ?? "");
		await channels.subscribed(channel);
		response.writeHead(200, headers);
		response.write(opening);
		response.on("close", channels.join(channel, request.socket));
	},
);
