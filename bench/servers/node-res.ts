/** Control: `node:http` in its usual form, with a `response.write` for each client. */
import type { ServerResponse } from "node:http";
import { Channels, channelOf, frameBytes, headers, opening } from "./channels.ts";
import { serveNode } from "./node-http.ts";

const channels = new Channels<ServerResponse>((responses, data) => {
	const bytes = frameBytes(data);
	for (const response of responses) response.write(bytes);
});

serveNode(
	(body) => channels.publish(body),
	async (request, response) => {
		const channel = channelOf(request.url ?? "");
		await channels.subscribed(channel);
		response.writeHead(200, headers);
		response.write(opening);
		response.on("close", channels.join(channel, response));
	},
);
