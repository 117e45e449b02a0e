import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { H3, serve } from "h3";

const sse = new ServerSentEvents({ connector: memory() });
const app = new H3();

// `event.req` is the Request, and on Node it shows the way to Node's own response.
app.get("/stream", (event) => sse.fetch(event.req));

app.post("/hello", async () => {
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	return "Message sent!\n";
});

// It prints where it listens.
serve(app, { port: Number(process.env.PORT ?? 8787), hostname: "127.0.0.1" });
