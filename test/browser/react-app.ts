import { createElement, useState } from "react";
import { EventClient } from "../../src/client.ts";
import { useEvent, useEventState, useLatest } from "../../src/react.ts";

/** A component with each of the hooks, for a page and for a server that renders it. */

export interface Events {
	word: { text: string };
	count: number;
}

export const events = new EventClient<Events>("/stream");

/** How often a listener was added. */
export let subscriptions = 0;
const on = events.on.bind(events);
Object.assign(events, {
	on: (...given: Parameters<typeof on>) => {
		subscriptions++;
		return on(...given);
	},
});

export function App() {
	const [render, setRender] = useState(0);
	const [heard, setHeard] = useState<string[]>([]);
	const [type, setType] = useState<keyof Events>("word");
	const state = useEventState(events);
	const latest = useLatest(events, type, "nothing");
	useEvent(events, "word", ({ text }, { lastEventId }) => {
		setHeard((before) => [
			...before,
			`${render}: ${text} (${lastEventId === "" ? "no" : "an"} id)`,
		]);
	});
	return createElement(
		"section",
		null,
		createElement("output", { id: "state" }, state),
		createElement("output", { id: "latest" }, JSON.stringify(latest)),
		createElement("button", { type: "button", onClick: () => setRender(render + 1) }, "Render"),
		createElement("button", { type: "button", onClick: () => setType("count") }, "Count"),
		createElement(
			"ul",
			null,
			heard.map((text, at) => createElement("li", { key: at }, text)),
		),
	);
}
