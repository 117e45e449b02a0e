import { EventClient, type EventClientOptions, type Gap } from "../../../src/client.ts";

/** What the compiler must accept and refuse in a page's code. `npm run types` checks it; nothing here runs. */

// An interface has no index signature, and must be accepted.
interface Events {
	greeting: { message: string };
	count: number;
	message: string;
}

export async function uses(): Promise<void> {
	const client = new EventClient<Events>("/stream");

	const stop: () => void = client.on("greeting", ({ message }) => message.toUpperCase());
	client.on("count", (count, { type, lastEventId }) => {
		const name: "count" = type;
		return [count.toFixed(), name, lastEventId.length];
	});
	// @ts-expect-error: its message is a string
	client.on("greeting", ({ message }) => message.toFixed());
	// @ts-expect-error: there is no such field
	client.on("greeting", ({ massage }) => massage);
	// @ts-expect-error: count is a number
	client.on("count", (count: string) => count);
	// @ts-expect-error: no event has this name
	client.on("greetings", () => undefined);
	stop();

	client.on("sse.gap", ({ channel, lastEventId }: Gap) => channel + (lastEventId ?? ""));
	// @ts-expect-error: a gap has no such field
	client.on("sse.gap", ({ channels }) => channels);

	for await (const event of client.events("greeting", "count")) {
		if (event.type === "count") event.data.toFixed();
		else event.data.message.toUpperCase();
		// @ts-expect-error: it may be a greeting
		event.data.toFixed();
		// @ts-expect-error: this type was not asked for
		if (event.type === "message") return;
	}

	const room = client.channel("room.7");
	room.on("count", (count) => count.toFixed())();
	// @ts-expect-error: no event has this name
	room.on("greetings", () => undefined);
	for await (const { data } of room.events("greeting")) data.message.toUpperCase();

	client.onState((state) => {
		if (state === "waiting") return;
		// @ts-expect-error: there is no such state
		if (state === "broken") return;
	});

	// Without a map any name is allowed, and the data is `unknown`.
	const untyped = new EventClient(async () => new URL("https://hub.example/stream"));
	untyped.on("anything", (data: unknown) => data);
	// @ts-expect-error: without a map the data is unknown
	untyped.on("anything", (data) => data.message);

	// @ts-expect-error: a number of ms, not text
	const options: EventClientOptions = { watchdog: "10s" };
	new EventClient("/stream", options).close();
}
