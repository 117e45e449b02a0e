/**
 * The first part of the page's script: what the page listens to, kept in its address, and the
 * snippets that follow from it. `String.raw`, so that what is read here is what the browser gets.
 */
export const snippetsScript = String.raw`
const $ = (id) => document.getElementById(id);
const list = (text) => [...new Set(text.split(",").map((name) => name.trim()).filter(Boolean))];

// This page is the root of the hub, which may be mounted at a prefix, with or without its slash.
const root = location.origin + location.pathname.replace(/\/*$/, "/");

// What to listen to lives in the address: it survives a reload, and a link carries it.
const asked = new URLSearchParams(location.search);
let channels = list(asked.getAll("channel").join());
if (channels.length === 0) channels = ["sse"];
let types = asked.has("type") ? list(asked.getAll("type").join()) : ["greeting"];
let tokenNeeded = false;

const streamUrl = () =>
	root + "stream?" + new URLSearchParams(channels.map((name) => ["channel", name]));

function remember() {
	const query = new URLSearchParams(channels.map((name) => ["channel", name]));
	for (const type of types.length > 0 ? types : [""]) query.append("type", type);
	history.replaceState(null, "", "?" + query);
	describe();
}

// For a shell's single quotes.
const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
// For a script inside an HTML page: a name must not be able to write its closing tag.
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
	const message = { data: { message: "Hello!" }, type: types[0], channel: channels[0] };
	return (
		"curl " + quoted(root + "publish") + " \\\n" +
		(tokenNeeded ? '  -H "authorization: Bearer $SSE_PUBLISH_TOKEN" \\\n' : "") +
		"  -H 'content-type: application/json' \\\n" +
		"  -d " + quoted(JSON.stringify(message))
	);
}

function describe() {
	paint($("snippet-page"), pageSnippet());
	$("snippet-listen").textContent = "curl -N " + quoted(streamUrl());
	$("snippet-publish").textContent = publishCommand();
	$("first").textContent = publishCommand();
	$("request").textContent = "GET " + streamUrl().slice(location.origin.length);
	$("heard").textContent = ["message", ...types].join(", ");
}

// Colours strings, numbers and words, all as text: nothing is ever parsed as HTML.
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
		// Plain http on another host than localhost has no clipboard: the old way still works there.
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
$("types").value = types.join(", ");
describe();

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
