/** The part of the page's script that connects and disconnects, and shows the state of the stream. */
export const connectionScript = `
let stream; // what ends it, while there is one
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
	// An open stream tells of members, if it was asked with a signed token.
	if (state !== "open" || !streamHeaders().authorization) loseMembers();
}

// How the run stands that is listened to, if it is one.
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
	// It comes again from its beginning.
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

// A stream that was refused for want of a token may be had with the one that has come, and it may show
// members, or what the hub has.
function reconnect() {
	const isClosed = $("state").dataset.state === "closed";
	if (wanted && (isClosed || countsMembers)) return connect(isClosed || isRun() ? {} : { from: cursor });
	// The stream stays. Where the hub does not answer, the next one asks again.
	askRights().catch(() => {});
}
$("token").addEventListener("change", reconnect);
addEventListener("hashchange", () => takeToken() && reconnect());

// What the history keeps after this id comes again, and then what is new.
$("replay").addEventListener("click", () => {
	wanted = true;
	connect({ from: $("from").value.trim() || "0" });
});

// An open stream would keep the page out of the back/forward cache. "pageshow" comes after the first
// load, too.
addEventListener("pagehide", () => stream?.abort());
addEventListener("pageshow", () => wanted && connect());
`;
