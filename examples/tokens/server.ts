import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { toNodeHandler } from "edge-sse/node";
import { Runs } from "edge-sse/runs";

// For several processes: redis(url, { history: {} }) from "edge-sse/redis", and nothing else changes.
const runs = new Runs(new ServerSentEvents({ connector: memory({ history: {} }) }));
const page = await readFile(new URL("index.html", import.meta.url));

/** Stands in for a model: yours yields the pieces of its answer in the same way, and stops with the signal. */
async function* answer(question: string, signal: AbortSignal) {
	const words = `You asked: ${question} I count to 1000: `.split(" ");
	for (let n = 1; n <= 1000; n++) words.push(String(n));
	for (const word of words) {
		await setTimeout(50, undefined, { signal });
		yield `${word} `;
	}
}

const handler = toNodeHandler(async (request) => {
	const route = `${request.method} ${new URL(request.url).pathname}`;
	if (route === "GET /") return new Response(page, { headers: { "content-type": "text/html" } });

	if (route === "POST /ask") {
		const question = await request.text();
		const id = crypto.randomUUID(); // whoever knows it can read the answer
		await runs.start(id, (signal) => answer(question, signal));
		return Response.json({ id });
	}

	const [, method, id] = /^(GET|POST) \/answers\/([\w-]{1,64})$/.exec(route) ?? [];
	// `told`: an event says how it ended.
	if (id !== undefined && method === "GET") return runs.stream(request, id, { format: "told" });
	if (id !== undefined) return runs.cancelRequest(request, id, { reason: "by the user" });
	return new Response("Not found\n", { status: 404 });
});

const port = Number(process.env.PORT ?? 8787);
createServer(handler).listen(port, "127.0.0.1", () => {
	console.log(`Listening on http://127.0.0.1:${port}`);
});
