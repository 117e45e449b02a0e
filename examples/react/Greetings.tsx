import { EventClient } from "edge-sse/client";
import { useState } from "react";
import { useClientState, useEvent } from "./useEvents.ts";

interface Events {
	greeting: { message: string };
}

// One for the page: it connects when a component listens, and leaves when none does.
const events = new EventClient<Events>("/stream");

export function Greetings() {
	const [messages, setMessages] = useState<string[]>([]);
	const state = useClientState(events);
	useEvent(events, "greeting", ({ message }) => setMessages((before) => [...before, message]));
	return (
		<section>
			<p>{state}</p>
			<ul>
				{messages.map((message, at) => (
					// biome-ignore lint/suspicious/noArrayIndexKey: the list only grows at its end
					<li key={at}>{message}</li>
				))}
			</ul>
		</section>
	);
}
