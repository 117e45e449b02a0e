import { EventClient } from "edge-sse/client";
import { useEvent, useEventState, useLatest } from "edge-sse/react";
import { useState } from "react";

interface Events {
	greeting: { message: string };
}

// One for the page: it connects when a component listens, and leaves when none does.
const events = new EventClient<Events>("/stream");

export function Greetings() {
	const [messages, setMessages] = useState<string[]>([]);
	useEvent(events, "greeting", ({ message }) => setMessages((before) => [...before, message]));
	return (
		<section>
			<State />
			<Latest />
			<ul>
				{messages.map((message, at) => (
					// biome-ignore lint/suspicious/noArrayIndexKey: the list only grows at its end
					<li key={at}>{message}</li>
				))}
			</ul>
		</section>
	);
}

function State() {
	return <p>{useEventState(events)}</p>;
}

/** Any number of components share the one stream. */
function Latest() {
	const { message } = useLatest(events, "greeting", { message: "Nobody has said anything." });
	return <p>The latest: {message}</p>;
}
