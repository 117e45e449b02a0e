import { createServer } from "node:http";
import {
	createMcpHandler,
	hostHeaderValidationResponse,
	localhostAllowedHostnames,
	McpServer,
} from "@modelcontextprotocol/server";
import { ServerSentEvents } from "edge-sse";
import { toNodeHandler } from "edge-sse/node";
import { redis } from "edge-sse/redis";
import { z } from "zod";
import { serverEventBus } from "./bus.ts";

const url = process.env.SSE_REDIS_URL ?? "redis://127.0.0.1:6379";
const sse = new ServerSentEvents({ connector: redis(url, { history: {} }) });
const bus = await serverEventBus(sse);

// The notes of all processes are the kept messages of a channel.
const notes = "notes://all";

const handler = createMcpHandler(
	() => {
		const server = new McpServer(
			{ name: "notes", version: "1.0.0" },
			{ capabilities: { resources: { subscribe: true } } },
		);
		server.registerResource("notes", notes, { mimeType: "text/plain" }, async () => {
			const { messages } = await sse.history("notes", { limit: 20 });
			return { contents: [{ uri: notes, text: messages.map(({ data }) => data).join("\n") }] };
		});
		const inputSchema = z.object({ text: z.string().max(1_000) });
		server.registerTool("add_note", { inputSchema }, async ({ text }) => {
			await sse.publish(text, { channel: "notes" });
			handler.notify.resourceUpdated(notes); // to the clients of every process
			return { content: [{ type: "text", text: "Added." }] };
		});
		return server;
	},
	{ bus },
);

const port = Number(process.env.PORT ?? 8787);
const server = createServer(
	toNodeHandler((request) => {
		// A page elsewhere must not reach a server on this machine.
		const refused = hostHeaderValidationResponse(request, localhostAllowedHostnames());
		return refused ?? handler.fetch(request);
	}),
).listen(port, "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${port}`));

process.once("SIGTERM", async () => {
	server.close();
	await handler.close(); // tells the clients that their subscriptions are over
	await sse.close();
});
