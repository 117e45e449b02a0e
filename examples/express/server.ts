import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { toNodeHandler } from "edge-sse/node";
import express from "express";

const sse = new ServerSentEvents({ connector: memory() });
const app = express();

// Any channel: /stream?channel=news
app.get("/stream", toNodeHandler(sse));

// The channels that the route says; `host` brings Express's own request, and takes the fast way out.
app.get(
	"/rooms/:room",
	toNodeHandler((request, host: { incoming: express.Request; outgoing: express.Response }) =>
		sse.stream(request, { channel: `room.${host.incoming.params.room}`, host }),
	),
);

app.post("/rooms/:room", async (request, response) => {
	const channel = `room.${request.params.room}`;
	await sse.publish({ message: "Hello, room!" }, { type: "greeting", channel });
	response.send("Message sent!\n");
});

app.post("/hello", async (_request, response) => {
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	response.send("Message sent!\n");
});

const port = Number(process.env.PORT ?? 8787);
app.listen(port, "127.0.0.1", (error) => {
	if (error !== undefined) throw error; // the port is taken, say
	console.log(`Listening on http://127.0.0.1:${port}`);
});
