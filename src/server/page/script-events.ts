/** The part of the page's script that keeps the list of events. It is bounded, newest first, and does not move while it is paused. */
export const eventsScript = String.raw`
const KEPT = 200; // rows
const HELD = 150; // events that wait to be drawn
const HELD_TEXT = 10_000_000; // characters of these events

let received = 0;
let gaps = 0;
let lastId = "";
let paused = false;
let pending = [];
let pendingText = 0;
let fellOut = 0; // events that were dropped, because too many came during a pause
let frame = 0;

function receive({ type, data, id, raw, retry, channel, note }) {
	if (note !== undefined) {
		if ($("notes").checked && !paused) hold({ note });
		return;
	}
	if (type === "sse.gap") return receiveGap(JSON.parse(data));
	received += 1;
	learn(type);
	const text = data.slice(0, LONGEST);
	const lines = raw.join("\n").slice(0, LONGEST);
	// An event without an id of its own has the last id before it, and the row says so.
	const inherited = id === lastId;
	hold({ type, data: text, length: data.length, id, raw: lines, retry, channel, inherited });
	lastId = id;
}

function receiveGap({ channel, lastEventId }) {
	gaps += 1;
	const after = lastEventId ? " after the id " + lastEventId : "";
	hold({ gap: "Messages may be missing here" + after + ": they are not kept any more.", channel });
	announce("A gap in " + channel + ": messages may be missing.");
}

function hold(entry) {
	pending.push({ ...entry, at: new Date() });
	pendingText += size(entry);
	while (pending.length > HELD || (pendingText > HELD_TEXT && pending.length > 1)) {
		pendingText -= size(pending.shift());
		if (paused) fellOut += 1;
	}
	refresh();
}
const size = ({ data = "", raw = "" }) => data.length + raw.length;

function forget() {
	pending = [];
	pendingText = 0;
	fellOut = 0;
}

// For screen readers: not each event, but what changes.
const announce = (text) => ($("said").textContent = text);

// Events are drawn once a frame, so that a burst costs no more.
function refresh() {
	frame ||= requestAnimationFrame(draw);
}

const rowOf = (each) =>
	each.note !== undefined ? noteRow(each) : each.gap !== undefined ? gapRow(each) : row(each);

function draw() {
	frame = 0;
	const rows = $("events");
	if (!paused && pending.length > 0) {
		if (fellOut > 0) pending.unshift({ note: missing(), at: pending[0].at });
		const fresh = pending.reverse().map(rowOf);
		for (const each of fresh) each.hidden = !passes(each);
		rows.prepend(...fresh);
		forget();
		while (rows.childElementCount > KEPT) rows.lastElementChild.remove();
		makeReachable(fresh);
	}
	$("empty").hidden = received + gaps > 0;
	$("clear").disabled = received + gaps === 0;
	$("pause").textContent = paused ? "Resume" : "Pause";
	$("count").textContent = [
		received.toLocaleString() + " received",
		gaps > 0 && gaps.toLocaleString() + (gaps === 1 ? " gap" : " gaps"),
		!paused && received > KEPT && "newest " + KEPT + " shown",
		paused && "paused with " + pending.length + " held back",
		paused && fellOut > 0 && fellOut.toLocaleString() + " before them fell out",
	].filter(Boolean).join(", ");
}

const missing = () =>
	fellOut.toLocaleString() + (fellOut === 1 ? " event" : " events") +
	" that came during the pause fell out: " + HELD + " are held back at most";

function passes(item) {
	const wanted = $("filter").value.trim().toLowerCase();
	if (wanted === "") return true;
	const { type = "", id = "", channel = "" } = item.dataset;
	const data = item.querySelector(".data")?.textContent ?? item.textContent;
	return [type, id, channel, data].some((text) => text.toLowerCase().includes(wanted));
}

$("pause").addEventListener("click", () => {
	paused = !paused;
	document.body.classList.toggle("paused", paused);
	announce(paused ? "Paused: what comes is held back." : pending.length + " shown. " + (fellOut > 0 ? missing() : ""));
	refresh();
});

$("filter").addEventListener("input", () => {
	for (const item of $("events").children) item.hidden = !passes(item);
});

$("raw").addEventListener("change", () => {
	document.body.classList.toggle("raw", $("raw").checked);
	makeReachable([...$("events").children]);
});

$("clear").addEventListener("click", () => {
	received = 0;
	gaps = 0;
	forget();
	$("events").replaceChildren();
	refresh();
});

draw();
`;
