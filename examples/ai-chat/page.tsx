import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport, type UIMessage } from "ai";
import { createRoot } from "react-dom/client";

const id = location.pathname.slice("/chat/".length);
const saved: UIMessage[] = await (await fetch(`/api/chat/${id}`)).json();

const transport = new DefaultChatTransport({
	prepareSendMessagesRequest: ({ id, messages }) => ({
		body: { id, text: textOf(messages.at(-1)) },
	}),
	// An answer that was loaded with the page need not be sent again.
	prepareReconnectToStreamRequest: ({ id }) => ({
		api: `/api/chat/${id}/stream?last=${saved.at(-1)?.id ?? ""}`,
	}),
});

function Chat() {
	const chat = useChat({ id, messages: saved, transport, resume: true });
	const { messages, sendMessage, status, error } = chat;
	const isBusy = status === "submitted" || status === "streaming";
	const ask = (form: FormData) => sendMessage({ text: String(form.get("question")) });
	// To leave is not to stop: the server is told.
	const stop = () => fetch(`/api/chat/${id}/stop`, { method: "POST" });
	return (
		<>
			{messages.map((message) => (
				<p key={message.id} data-role={message.role}>
					{textOf(message)}
				</p>
			))}
			<form action={ask}>
				<input name="question" defaultValue="Count to 200." aria-label="Question" />
				<button type="submit" disabled={isBusy}>
					Ask
				</button>
				<button type="button" disabled={!isBusy} onClick={stop}>
					Stop
				</button>
			</form>
			<output>{error?.message ?? status}</output>
		</>
	);
}

function textOf(message: UIMessage | undefined): string {
	const parts = message?.parts ?? [];
	return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

const main = document.querySelector("main");
if (main !== null) createRoot(main).render(<Chat />);
