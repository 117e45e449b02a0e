import { convertToModelMessages, streamText, toUIMessageStream, type UIMessage } from "ai";
import { aiSdkFormat, type Runs } from "edge-sse/runs";
import { Hono } from "hono";
import { model } from "./model.ts";

/** What the page calls. The answer that a chat waits for is a run with the chat's id. */
export function chatRoutes(runs: Runs) {
	// In a real application: a table. Whoever knows an id can read the chat, so nobody can guess one.
	const chats = new Map<string, UIMessage[]>();
	const app = new Hono();

	app.get("/", (c) => {
		const id = crypto.randomUUID();
		chats.set(id, []);
		return c.redirect(`/chat/${id}`);
	});

	app.get("/api/chat/:id", (c) => {
		const messages = chats.get(c.req.param("id"));
		return messages === undefined ? c.notFound() : c.json(messages);
	});

	app.post("/api/chat", async (c) => {
		const { id, text } = await c.req.json();
		const messages = chats.get(id);
		if (messages === undefined || typeof text !== "string") return c.notFound();
		if ((await runs.status(id))?.status === "running") {
			return c.text("The answer before this one is not over yet.", 409);
		}
		messages.push({ id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text }] });
		await runs.delete(id); // the answer before this one
		await runs.start(id, (signal) => answer(messages, signal));
		return runs.stream(c.req.raw, id, { format: aiSdkFormat, replay: "all" });
	});

	// A page that has loaded, or lost its connection, asks here for the rest.
	app.get("/api/chat/:id/stream", async (c) => {
		const { id } = c.req.param();
		const last = chats.get(id)?.at(-1);
		// It has the whole answer already.
		if (last?.role === "assistant" && last.id === c.req.query("last")) return c.body(null, 204);
		return runs.stream(c.req.raw, id, { format: aiSdkFormat, replay: "all", wait: 0 });
	});

	app.post("/api/chat/:id/stop", (c) => runs.cancelRequest(c.req.raw, c.req.param("id")));

	return app;
}

/** It goes on when the page has left, and stops when the run is cancelled. */
async function answer(messages: UIMessage[], abortSignal: AbortSignal) {
	const prompt = await convertToModelMessages(messages);
	const { stream } = streamText({ model, messages: prompt, abortSignal });
	return toUIMessageStream({
		stream,
		originalMessages: messages,
		generateMessageId: () => crypto.randomUUID(),
		// Also when it is stopped: what it had said until then.
		onEnd: ({ responseMessage }) => {
			if (responseMessage.parts.length > 0) messages.push(responseMessage);
		},
	});
}
