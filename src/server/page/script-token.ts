/**
 * The second part of the page's script: the token that publishing needs. The address that the hub prints has it in its
 * fragment, which browsers send to nobody. The page removes it from the address.
 */
export const tokenScript = String.raw`
const STORED = "edge-sse token";
const publishing = document.body.dataset.publishing; // "token", "everybody" or "nobody"

// Kept for this tab, across reloads. In a browser without storage it is kept until the page is left.
let token = "";
function keepToken(text) {
	token = text;
	try {
		if (text) sessionStorage.setItem(STORED, text);
		else sessionStorage.removeItem(STORED);
	} catch {
		// Only the variable keeps it.
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

// A signed token may also have rights for the stream. The hub's own token is for publishing alone.
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

// The token was refused: the hub may have started again, and have made another one.
function askForToken() {
	keepToken("");
	showToken();
	showTokenField();
}

takeToken() || showToken();
`;
