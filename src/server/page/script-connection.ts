/** The part of the page's script that connects and disconnects, and shows the state of the stream. */
export const connectionScript = `
let stream; // an AbortController that ends the stream, while there is one
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
	// Only an open stream that was asked for with a signed token tells of members.
	if (state !== "open" || !streamHeaders().authorization) loseMembers();
}

// Shows the state of the run, where the page listens to one.
function showRun({ status = "" } = {}) {
	$("run").hidden = status === "";
	$("run").dataset.run = status;
	$("run-text").textContent = status === "error" ? "failed" : status;
}
const hasEnded = () => !["", "running"].includes($("run").dataset.run);

function connect({ from = "" } = {}) {
	stream?.abort();
	stream = new AbortController();
	lastId = from;
	cursor = from;
	showRetry();
	// A run is streamed again from its beginning.
	if (isRun()) $("clear").click();
	showRun();
	setState("connecting");
	follow(stream.signal);
}

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
	wanted = $("state").dataset.state === "closed";
	if (wanted) return connect();
	stream.abort();
	showRun();
	setState("closed");
});

// Connects again with the token that has just been given, which may also have more rights.
function reconnect() {
	const isClosed = $("state").dataset.state === "closed";
	if (wanted && (isClosed || countsMembers)) return connect(isClosed || isRun() ? {} : { from: cursor });
	// When the hub does not answer, the next stream asks again.
	askRights().catch(() => {});
}
$("token").addEventListener("change", reconnect);
addEventListener("hashchange", () => takeToken() && reconnect());

// Shows again what the history keeps after this id, and then new events.
$("replay").addEventListener("click", () => {
	wanted = true;
	connect({ from: $("from").value.trim() || "0" });
});

// An open stream would keep the page out of the back/forward cache. "pageshow" comes after the first
// load, too.
addEventListener("pagehide", () => stream?.abort());
addEventListener("pageshow", () => wanted && connect());
`;
