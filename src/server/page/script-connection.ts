/** The third part of the page's script: the plain EventSource, and what state it is in. */
export const connectionScript = `
let source;
let wanted = true; // until "Disconnect" is pressed

const texts = {
	connecting: ["Connecting", ""],
	open: ["Open", "since"],
	waiting: ["Waiting to reconnect", "lost at"],
	closed: ["Closed", "at"],
};

function setState(state, reason) {
	const [text, preposition] = texts[state];
	const time = new Date().toLocaleTimeString(undefined, { hourCycle: "h23" });
	document.body.dataset.state = state;
	$("state").dataset.state = state;
	$("state-text").textContent = text;
	$("state-detail").textContent = reason ?? (preposition && preposition + " " + time);
	$("lead").textContent = state === "closed" ? "Not listening." : "No events yet.";
	$("toggle").textContent = state === "closed" ? "Connect" : "Disconnect";
}

function connect() {
	source?.close();
	lastId = "";
	setState("connecting");
	source = new EventSource(streamUrl());
	source.addEventListener("open", (event) => {
		if (event instanceof MessageEvent) return;
		setState("open");
		health();
	});
	source.addEventListener("error", (event) => {
		// A publisher may name an event "error": that says nothing about the connection.
		if (event instanceof MessageEvent) return;
		if (source.readyState === EventSource.CLOSED) setState("closed", "the stream was refused");
		// On every failed attempt again, where the first one's time is the one to know.
		else if ($("state").dataset.state !== "waiting") setState("waiting");
	});
	listen();
}

function listen() {
	// Adding the same listener again changes nothing.
	for (const type of ["message", ...types]) source?.addEventListener(type, receive);
}

function setTypes(names) {
	const next = names.filter((type) => type !== "message");
	for (const type of types) if (!next.includes(type)) source?.removeEventListener(type, receive);
	types = next;
	$("types").value = types.join(", ");
	listen();
	remember();
}

$("types").addEventListener("change", () => setTypes(list($("types").value)));

$("channel").addEventListener("change", () => {
	const names = list($("channel").value);
	channels = names.length > 0 ? names : ["sse"];
	$("channel").value = channels.join(", ");
	remember();
	addressPublish();
	wanted = true;
	connect();
});

$("toggle").addEventListener("click", () => {
	wanted = source?.readyState === EventSource.CLOSED;
	if (wanted) return connect();
	source.close();
	setState("closed");
});

// An open stream would keep the page out of the back/forward cache. "pageshow" comes after the first
// load, too.
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", () => wanted && connect());
`;
