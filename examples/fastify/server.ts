import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { toNodeHandler } from "edge-sse/node";
import Fastify from "fastify";

const sse = new ServerSentEvents({ connector: memory() });
const stream = toNodeHandler(sse);
// Streams are open for as long as their clients want: they must not hold up `app.close()`.
const app = Fastify({ forceCloseConnections: true });

app.get("/stream", (request, reply) => {
	reply.hijack(); // from here on the response is not Fastify's
	for (const [name, value] of Object.entries(reply.getHeaders())) {
		if (value !== undefined) reply.raw.setHeader(name, value); // what plugins have set, CORS for one
	}
	stream(request.raw, reply.raw);
});

app.post("/hello", async () => {
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	return "Message sent!\n";
});

app.addHook("preClose", () => sse.close());

const address = await app.listen({ port: Number(process.env.PORT ?? 8787), host: "127.0.0.1" });
console.log(`Listening on ${address}`);
