/**
 * The first part of the page's script: the channels that the page listens to, which its address has, and the snippets for
 * them. `String.raw` leaves backslashes alone, so the browser gets exactly this text.
 */
export const snippetsScript = String.raw`
const $ = (id) => document.getElementById(id);
const list = (text) => [...new Set(text.split(",").map((name) => name.trim()).filter(Boolean))];

// This page is the root of the hub, which may be mounted at a prefix, with or without its slash.
const root = location.origin + location.pathname.replace(/\/*$/, "/");

// The address has the channels, so that a reload keeps them and a link carries them.
let channels = list(new URLSearchParams(location.search).getAll("channel").join());
if (channels.length === 0) channels = ["sse"];

// The event types in the snippets: the form's, and some of those that were received.
const types = new Set(["greeting"]);
const MOST_TYPES = 8;
function learn(type) {
	if (type === "message" || types.has(type) || types.size >= MOST_TYPES) return;
	types.add(type);
	describe();
}

// A run is streamed by itself, from its beginning to its end.
const runsPrefix = document.body.dataset.runs;
function isRun() {
	const [name, ...others] = channels;
	return others.length === 0 && !!runsPrefix && name.startsWith(runsPrefix) && name !== runsPrefix;
}

const query = () => new URLSearchParams(channels.map((name) => ["channel", name]));

// The cursor is in the URL, because a header cannot carry every character.
function streamUrl(cursor = "") {
	const search = query();
	if (cursor !== "" && cursor.length <= 1024) search.set("lastEventId", cursor);
	return root + (isRun() ? "run?" : "stream?") + search;
}

// With several channels the page asks which channel each event is from.
const requestUrl = (cursor) => streamUrl(cursor) + (channels.length > 1 ? "&envelope=1" : "");

function remember() {
	history.replaceState(null, "", "?" + query());
	describe();
}

// Quotes text for a shell.
const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
// Quotes text for a script in an HTML page. A name must not be able to close that script.
const literal = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

function pageSnippet() {
	return [
		"const url = " + literal(streamUrl()) + ";",
		"const events = new EventSource(url);",
		"const show = ({ type, data }) => console.log(type, data);",
		...["message", ...types].map((type) => "events.addEventListener(" + literal(type) + ", show);"),
	].join("\n");
}

function publishCommand() {
	const message = { data: { message: "Hello!" }, type: "greeting", channel: channels[0] };
	const held = bearer();
	const header = "authorization: Bearer " + (held || "$SSE_PUBLISH_TOKEN");
	return (
		"curl " + quoted(root + "publish") + " \\\n" +
		(publishing === "token" ? "  -H " + (held ? quoted(header) : '"' + header + '"') + " \\\n" : "") +
		"  -H 'content-type: application/json' \\\n" +
		"  -d " + quoted(JSON.stringify(message))
	);
}

function describe() {
	paint($("snippet-page"), pageSnippet());
	$("snippet-listen").textContent = "curl -N " + quoted(streamUrl());
	$("snippet-publish").textContent = publishCommand();
	$("first").textContent = publishCommand();
	$("request").textContent = "GET " + requestUrl().slice(location.origin.length);
}

// Colours strings, numbers and words. All is text, and nothing is parsed as HTML.
function paint(node, text) {
	const token = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|-?\b\d[\d.eE+-]*|\b(?:true|false|null|const|new)\b/g;
	const parts = [];
	let end = 0;
	for (const match of text.matchAll(token)) {
		const [whole, string, colon] = match;
		const span = document.createElement("span");
		span.className = colon ? "key" : string ? "string" : "word";
		span.textContent = string ?? whole;
		parts.push(text.slice(end, match.index), span, colon ?? "");
		end = match.index + whole.length;
	}
	node.replaceChildren(...parts, text.slice(end));
}

async function copy(button) {
	const node = $(button.dataset.copy);
	try {
		await navigator.clipboard.writeText(node.textContent);
	} catch {
		// Browsers have no clipboard API for plain http, except on localhost. The old command still works.
		getSelection().selectAllChildren(node);
		document.execCommand("copy");
	}
	button.textContent = "Copied";
	setTimeout(() => (button.textContent = "Copy"), 1500);
}

for (const button of document.querySelectorAll("[data-copy]")) {
	button.addEventListener("click", () => copy(button));
}
$("use").open = matchMedia("(min-width: 60rem)").matches;
$("channel").value = channels.join(", ");

async function health() {
	if (document.hidden) return;
	let text = "no answer";
	try {
		const response = await fetch(root + "healthz", { signal: AbortSignal.timeout(4000) });
		const { connector, connections, channels } = await response.json();
		const count = (n, what) => n !== undefined && n + " " + what + (n === 1 ? "" : "s");
		const facts = [connector, count(connections, "connection"), count(channels, "channel")];
		text = facts.filter(Boolean).join(" · ");
	} catch {
		// The text says it already.
	}
	$("health").textContent = text;
}

setInterval(health, 5000);
document.addEventListener("visibilitychange", health);
health();
`;
