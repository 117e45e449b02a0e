import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";

const sse = new ServerSentEvents({ connector: memory() });

const server = Bun.serve({
	port: Number(process.env.PORT ?? 8787),
	hostname: "127.0.0.1",
	routes: {
		// Bun hands on its server as well, and so its limit of 10 s without bytes is lifted for streams.
		"/stream": sse.fetch,
		"/hello": {
			POST: async () => {
				await sse.publish({ message: "Hello!" }, { type: "greeting" });
				return new Response("Message sent!\n");
			},
		},
	},
});
console.log(`Listening on ${server.url}`);
