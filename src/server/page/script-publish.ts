/** The last part of the page's script: the publish form. */
export const publishScript = String.raw`
let edited = false; // whether the reader has chosen where to publish
let attempt = 0;

// Publishing goes to the first channel of the page until the reader says otherwise.
function addressPublish() {
	if (!edited) $("to").value = channels[0];
	$("channels").replaceChildren(...channels.map((name) => new Option(name)));
}

// Sends what parses as JSON as that value, and everything else as text.
function parsed(text) {
	try {
		return { value: JSON.parse(text), json: true };
	} catch {
		return { value: text, json: false };
	}
}

function describeData() {
	const text = $("data").value;
	const { value, json } = parsed(text);
	const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
	const broken = !json && /^\s*[{["]/.test(text);
	$("data-kind").textContent = json
		? "Sent as JSON: " + kind
		: (broken ? "Not valid JSON, so sent as text" : "Sent as text");
}

function message() {
	const retry = $("retry").value.trim();
	return {
		data: parsed($("data").value).value,
		type: $("type").value || undefined,
		id: $("id").value || undefined,
		// Other text than digits is sent as it is, so that the hub can say what is wrong with it.
		retry: /^\d+$/.test(retry) ? Number(retry) : retry || undefined,
		channel: $("to").value.trim() || channels[0],
	};
}

function report(ok, text) {
	$("publish-result").dataset.ok = ok;
	$("publish-result").textContent = text;
}

async function publish() {
	const mine = ++attempt;
	const body = message();
	const headers = { "content-type": "application/json" };
	if (bearer()) headers.authorization = "Bearer " + bearer();
	$("publish").setAttribute("aria-busy", "true");
	let response;
	let answer;
	try {
		response = await fetch(root + "publish", {
			method: "POST",
			headers,
			body: JSON.stringify(body),
			signal: AbortSignal.timeout(15_000),
		});
		answer = await response.json().catch(() => ({}));
	} catch (error) {
		answer = { error: "The hub did not answer: " + error.message };
	}
	if (mine !== attempt) return; // a later publish is under way
	$("publish").removeAttribute("aria-busy");
	if (response?.ok) {
		if ($("token").value) {
			keepToken(bearer());
			showToken();
		}
		const { receivers } = answer;
		const elsewhere = channels.includes(body.channel) ? "" : ". This page does not listen there";
		report(true, "Published, " + receivers + (receivers === 1 ? " receiver" : " receivers") + elsewhere);
	} else report(false, answer.error ?? "The hub answered " + response.status);
	if (response?.status === 401) askForToken();
}

$("publish-form").addEventListener("submit", (event) => {
	event.preventDefault();
	publish();
});
$("publish-form").addEventListener("keydown", (event) => {
	if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
	event.preventDefault();
	publish();
});
$("data").addEventListener("input", describeData);
$("to").addEventListener("input", () => (edited = $("to").value.trim() !== ""));
if (/Mac|iPhone|iPad/.test(navigator.userAgent)) $("keys").textContent = "⌘ ⏎";
addressPublish();
describeData();
`;
