/**
 * The part of the page's script that reads the stream. EventSource gives a page only the types that it listens for, and
 * this page shows every type.
 */
export const streamScript = String.raw`
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
function eventParser(id, { dispatch, wait, note = () => {} }) {
	let line = ""; // the line that has not ended yet
	let cut = false; // the last chunk ended with CR, so an LF that begins the next one belongs to it
	let data = [];
	let type = "";
	let later; // the event's retry time, in ms
	let raw = []; // the lines of the event that has not ended yet
	function take(text) {
		raw.push(text);
		const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(text);
		if (text === "") {
			if (data.length > 0) {
				dispatch({ type: type || "message", data: data.join("\n"), id, raw, retry: later });
			}
			data = [];
			type = "";
			later = undefined;
			raw = [];
		} else if (name === "data") data.push(value);
		else if (name === "event") type = value;
		else if (name === "id" && !value.includes("\0")) id = value;
		else if (name === "retry" && /^\d+$/.test(value)) wait((later = Number(value)));
		if (text[0] === ":" || name === "retry") note(text);
	}
	return (chunk) => {
		if (chunk === "") return;
		const lines = (line + (cut && chunk[0] === "\n" ? chunk.slice(1) : chunk)).split(/\r\n|[\r\n]/);
		cut = chunk.endsWith("\r");
		line = lines.pop();
		for (const each of lines) take(each);
	};
}

let retry = 3000; // ms, as in most browsers, until the stream sets another time
let cursor = ""; // The next connection sends this id of the last event.

const showRetry = () => ($("again").textContent = " · reconnects after " + duration(retry));

// With several channels each event is {"channel": …, "data": …}, with the data as it was published.
const ENVELOPE = /^\{"channel":("(?:[^"\\]|\\.)*"),"data":(.*)\}$/s;
function opened(event) {
	if (channels.length < 2 || event.type.startsWith("sse.")) return event;
	const [, channel, json] = ENVELOPE.exec(event.data) ?? [];
	if (json === undefined) return event;
	const data = json.startsWith('"') ? JSON.parse(json) : json;
	return { ...event, channel: JSON.parse(channel), data };
}

// Streams until it is aborted or refused, and shows its state.
async function follow(signal) {
	let asked = false;
	while (!signal.aborted) {
		try {
			if (!asked) await askRights(signal);
			asked = true;
			const headers = streamHeaders();
			const address = requestUrl(cursor) + (rooms.length > 0 && !isRun() ? "&presence=1" : "");
			const response = await fetch(address, { headers, signal, cache: "no-store" });
			if (response.status >= 400 && response.status < 500) {
				const { error } = await response.json().catch(() => ({}));
				// Only a token that was sent can have been refused.
				if (response.status === 401) headers.authorization ? askForToken() : showTokenField();
				return setState("closed", "refused: " + (error ?? response.status));
			}
			if (response.ok && response.status !== 204) {
				setState("open");
				if (isRun()) showRun({ status: "running" });
				health();
				await read(response.body.pipeThrough(new TextDecoderStream()).getReader());
			}
			if (response.status === 204 || hasEnded()) return setState("closed", "the run is over");
		} catch {
			// The connection was lost, or could not be made. The state says so.
		}
		if (signal.aborted) return;
		// The state shows since when there is no connection, so only the first failure sets it.
		if ($("state").dataset.state !== "waiting") setState("waiting");
		await new Promise((resolve) => {
			const wake = () => {
				clearTimeout(timer);
				signal.removeEventListener("abort", wake);
				resolve();
			};
			const timer = setTimeout(wake, retry);
			signal.addEventListener("abort", wake);
		});
	}
}

async function read(reader) {
	const parse = eventParser(cursor, {
		dispatch(event) {
			cursor = event.id;
			if (event.type === "sse.presence" && rooms.length > 0) {
				return queueMicrotask(() => tell(JSON.parse(event.data)));
			}
			if (event.type === "sse.end" && isRun()) showRun(JSON.parse(event.data));
			// An error thrown here would look like a lost connection.
			queueMicrotask(() => receive(opened(event)));
		},
		// Not so short that it is a busy loop, and not so long that the timer fires at once.
		note: (line) => queueMicrotask(() => receive({ note: line })),
		wait(ms) {
			retry = Math.min(Math.max(ms, 100), 86_400_000);
			showRetry();
		},
	});
	for (let part = await reader.read(); !part.done; part = await reader.read()) parse(part.value);
}
`;
