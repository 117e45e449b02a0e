/** The part of the page's script that makes the rows of the list: events, gaps, and notes about other lines. */
export const rowsScript = String.raw`
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

function timeOf(at) {
	const time = element("time", "", clock.format(at));
	time.dateTime = at.toISOString();
	return time;
}

// A note, not an event: a keep-alive, a retry time, or how many events were dropped.
function noteRow({ note, at }) {
	const item = element("li", "note");
	const head = element("div", "head");
	head.append(element("span", "", note === ":" ? ": (keep-alive)" : note.slice(0, 1000)), timeOf(at));
	item.append(head);
	return item;
}

// A gap: the hub says that messages may be missing.
function gapRow({ gap, channel, at }) {
	const item = element("li", "gap");
	const head = element("div", "head");
	head.append(element("strong", "", "Gap"), element("span", "of", channel), timeOf(at));
	item.append(head, element("p", "data", gap));
	return item;
}

function row({ type, data, length, id, raw, retry, channel, inherited, at }) {
	const item = document.createElement("li");
	item.dataset.type = type;
	const chip = element("span", "chip", type);
	if (type !== "message") chip.style.setProperty("--hue", hue(type));
	const head = element("div", "head");
	head.append(chip);
	if (channel !== undefined) {
		item.dataset.channel = channel;
		head.append(element("span", "of", channel));
	}
	if (id !== "") {
		item.dataset.id = id;
		const label = element("span", inherited ? "id inherited" : "id", inherited ? "last id " : "id ");
		label.append(element("b", "", id));
		head.append(label);
	}
	if (retry !== undefined) head.append(element("span", "id", "retry " + duration(retry)));
	head.append(timeOf(at));
	const body = element("pre", "data");
	show(body, data);
	item.append(head, body, element("code", "raw", raw));
	if (length > LONGEST) {
		const rest = (length - LONGEST).toLocaleString();
		item.append(element("p", "hint", rest + " more characters are not shown"));
	}
	return item;
}

const duration = (ms) => (ms < 1000 ? ms + " ms" : (ms / 1000).toLocaleString() + " s");

// Text that scrolls must be reachable by the keyboard.
function makeReachable(items) {
	const texts = items.flatMap((item) => [...item.querySelectorAll(".data, code.raw")]);
	for (const text of texts.filter((text) => text.scrollHeight > text.clientHeight)) text.tabIndex = 0;
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
	node.textContent = data;
}

// Indents JSON token by token, so that long numbers and repeated keys stay as they were sent.
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
`;
