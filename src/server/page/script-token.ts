/**
 * The second part of the page's script: the token that publishing needs, as the address that the hub
 * prints has it. The browser sends no fragment to anybody, and the page takes it out of the address.
 */
export const tokenScript = String.raw`
const STORED = "edge-sse token";
const publishing = document.body.dataset.publishing; // "token", "everybody" or "nobody"

// Kept for this tab, across reloads; where a browser has no storage to give, until the page is left.
let token = "";
function keepToken(text) {
	token = text;
	try {
		if (text) sessionStorage.setItem(STORED, text);
		else sessionStorage.removeItem(STORED);
	} catch {
		// Kept in the variable alone.
	}
}

try {
	token = sessionStorage.getItem(STORED) ?? "";
} catch {
	// Nothing was kept.
}

function takeToken() {
	const given = new URLSearchParams(location.hash.slice(1)).get("token");
	if (!given) return false;
	history.replaceState(null, "", location.pathname + location.search);
	$("token").value = "";
	keepToken(given);
	showToken();
	return true;
}

const bearer = () => $("token").value.trim() || token;

// A signed token may also be what the stream needs. The hub's own token is for publishing alone.
const streamHeaders = () =>
	/^[\w-]+\.[\w-]+\.[\w-]+$/.test(bearer()) ? { authorization: "Bearer " + bearer() } : {};

function showToken() {
	$("token-field").hidden = publishing !== "token" || token !== "";
	$("publish-off").hidden = publishing !== "nobody";
	describe();
}

function showTokenField() {
	$("token-field").hidden = false;
	$("token").focus();
}

// It was refused, so it is none: the hub has started again, say.
function askForToken() {
	keepToken("");
	showToken();
	showTokenField();
}

takeToken() || showToken();
`;
