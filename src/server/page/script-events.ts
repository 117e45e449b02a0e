/** The part of the page's script that draws the list of events, newest first and bounded. */
export const eventsScript = String.raw`
const KEPT = 200;
const LONGEST = 100_000; // characters of one event that are shown
const LONGEST_JSON = 20_000; // characters of JSON that are indented and coloured
const WIDTH = 56; // characters up to which an object stays on one line

const clock = new Intl.DateTimeFormat(undefined, {
	hour: "2-digit",
	minute: "2-digit",
	second: "2-digit",
	fractionalSecondDigits: 3,
	hourCycle: "h23",
});

let received = 0;
let lastId = "";
let paused = false;
let pending = [];
let frame = 0;

function receive({ type, data, id, raw, note }) {
	if (note !== undefined) {
		if (!$("notes").checked) return;
		pending.push({ note, at: new Date() });
		if (pending.length > KEPT) pending.shift();
		return refresh();
	}
	received += 1;
	learn(type);
	// An event without an id still carries the last one before it: it is shown as such.
	pending.push({ type, data, id, raw, inherited: id === lastId, at: new Date() });
	lastId = id;
	if (pending.length > KEPT) pending.shift();
	refresh();
}

// A burst is drawn once per frame, however many events it has.
function refresh() {
	frame ||= requestAnimationFrame(draw);
}

function draw() {
	frame = 0;
	const rows = $("events");
	if (!paused) {
		const fresh = pending.reverse().map((each) => (each.note === undefined ? row(each) : noteRow(each)));
		for (const each of fresh) each.hidden = !passes(each);
		rows.prepend(...fresh);
		pending = [];
		while (rows.childElementCount > KEPT) rows.lastElementChild.remove();
	}
	$("empty").hidden = received > 0;
	$("clear").disabled = received === 0;
	$("pause").textContent = paused ? "Resume" : "Pause";
	$("count").textContent = [
		received + " received",
		!paused && received > KEPT && "newest " + KEPT + " shown",
		paused && "paused with " + pending.length + " held back",
	].filter(Boolean).join(", ");
}

// What keeps the stream alive or says when to come back: no event, and shown dimmed.
function noteRow({ note, at }) {
	const item = element("li", "note");
	const time = element("time", "", clock.format(at));
	time.dateTime = at.toISOString();
	const head = element("div", "head");
	head.append(element("span", "", note === ":" ? ": (keep-alive)" : note.slice(0, 1000)), time);
	item.append(head);
	return item;
}

function passes(item) {
	const wanted = $("filter").value.trim().toLowerCase();
	if (wanted === "") return true;
	const { type = "", id = "" } = item.dataset;
	const data = item.querySelector(".data")?.textContent ?? item.textContent;
	return [type, id, data].some((text) => text.toLowerCase().includes(wanted));
}

function row({ type, data, id, raw, inherited, at }) {
	const item = document.createElement("li");
	item.dataset.type = type;
	const time = element("time", "", clock.format(at));
	time.dateTime = at.toISOString();
	const chip = element("span", "chip", type);
	if (type !== "message") chip.style.setProperty("--hue", hue(type));
	const head = element("div", "head");
	head.append(chip);
	if (id !== "") {
		item.dataset.id = id;
		const label = element("span", inherited ? "id inherited" : "id", inherited ? "last id " : "id ");
		label.append(element("b", "", id));
		head.append(label);
	}
	head.append(time);
	const body = element("pre", "data");
	show(body, data);
	item.append(head, body, element("code", "raw", raw.join("\n").slice(0, LONGEST)));
	if (data.length > LONGEST) {
		const rest = (data.length - LONGEST).toLocaleString();
		item.append(element("p", "hint", rest + " more characters are not shown"));
	}
	return item;
}

function element(name, className, text = "") {
	const node = document.createElement(name);
	if (className) node.className = className;
	node.textContent = text;
	return node;
}

function show(node, data) {
	if (data.length <= LONGEST_JSON) {
		try {
			JSON.parse(data);
			return paint(node, indent(data));
		} catch {
			// Not JSON: text, shown as it came.
		}
	}
	node.textContent = data.slice(0, LONGEST);
}

// JSON laid out token by token, so that long numbers and repeated keys stay just as they were sent.
function indent(json) {
	const tokens = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[^\s"{}[\],:]+|[{}[\],:]/g);
	let text = "";
	let depth = 0;
	const line = (step = 0) => {
		depth += step;
		return "\n" + "  ".repeat(Math.min(depth, 40));
	};
	for (let at = 0; at < tokens.length; at += 1) {
		const token = tokens[at];
		const short = inline(tokens, at);
		if (short) {
			text += short.text;
			at = short.end;
		} else if (token === "{" || token === "[") text += token + line(1);
		else if (token === "}" || token === "]") text += line(-1) + token;
		else if (token === ",") text += token + line();
		else text += token === ":" ? ": " : token;
	}
	return text;
}

// The object or array that begins at a token, where it fits on one line: { "like": ["this", 1] }.
function inline(tokens, start) {
	if (!"{[".includes(tokens[start])) return;
	let text = "";
	let depth = 0;
	for (let end = start; text.length < WIDTH; end += 1) {
		const token = tokens[end];
		if ("{[".includes(token)) depth += 1;
		if ("}]".includes(token)) depth -= 1;
		if (token === "}" && tokens[end - 1] !== "{") text += " ";
		text += token;
		if (depth === 0) return { text, end };
		if (",:".includes(token) || (token === "{" && tokens[end + 1] !== "}")) text += " ";
	}
}

// The same type always has the same colour. Only the hue differs, so contrast is the same for all.
function hue(type) {
	let sum = 7;
	for (const letter of type) sum = (sum * 31 + letter.codePointAt(0)) % 3571;
	return (sum * 47) % 360;
}

$("pause").addEventListener("click", () => {
	paused = !paused;
	document.body.classList.toggle("paused", paused);
	refresh();
});

$("filter").addEventListener("input", () => {
	for (const item of $("events").children) item.hidden = !passes(item);
});

$("raw").addEventListener("change", () => document.body.classList.toggle("raw", $("raw").checked));

$("clear").addEventListener("click", () => {
	received = 0;
	pending = [];
	$("events").replaceChildren();
	refresh();
});

draw();
`;
