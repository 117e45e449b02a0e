import type { CheckContext } from "../context.ts";
import { type Finding, fault, fine, quoted } from "../finding.ts";
import type { StreamProbe } from "../stream-probe.ts";

const forGood = "An EventSource gives up for good at any status but 200.";

/** For each status: what it means for a page, and what to do. */
const statuses: Readonly<Record<number, readonly [means: string, remedy: string]>> = {
	204: [
		"It tells an EventSource to stop for good.",
		"Answer 200. 204 is for a stream that is over.",
	],
	400: [forGood, "Read the answer: it names what is wrong with the request."],
	401: [forGood, "Give a token, or the cookie that a page has."],
	403: [forGood, "Give a token, or another channel: this request may not read it."],
	404: [forGood, "Check the path. The hub streams at /stream."],
	405: [forGood, "The path is there, but not to be read. Streams are read by GET."],
	407: [forGood, "A proxy on the way asks for a name and a password."],
	429: [
		"A passing refusal with this status is final for an EventSource.",
		"Raise the limit. Answer a passing refusal by 200 with a `retry:` line, as edge-sse does.",
	],
	502: [
		"The proxy has reached no server. A page that reconnects in this moment gives up for good.",
		"Check the server, and the address that the proxy calls. Use edge-sse/client, which comes back.",
	],
	503: [
		"A passing refusal with this status is final for an EventSource.",
		"Check the server. Answer a passing refusal by 200 with a `retry:` line, as edge-sse does.",
	],
	504: [
		"The proxy waited for the head and gave up. The server sends none before the first event, or is stuck.",
		"Have the server send its head and a comment at once.",
	],
};

/** Checks the status and the content type of the answer. */
export function statusFinding(context: CheckContext, probe: StreamProbe): Finding {
	const { status, headers } = probe;
	const type = headers.get("content-type") ?? "";
	if (status === 421) return misdirected(context);
	if (status !== 200) {
		const [means, remedy] = statuses[status] ?? [forGood, "Look at the answer with `curl -i`."];
		const by = context.proxy === undefined ? "" : ` (${context.proxy})`;
		return fault("status", `The answer is ${status}${by}.`, { means, remedy });
	}
	if (!/^text\/event-stream\s*(;|$)/i.test(type)) {
		const seen =
			type === "" ? "The answer has no content type." : `The content type is ${quoted(type)}.`;
		return fault("status", seen, {
			means:
				"An EventSource takes text/event-stream alone, and gives up for good at anything else.",
			remedy:
				"Check the path. A page for signing in, or a proxy that sets types, is another cause.",
			paste: [{ for: "the server", lines: "Content-Type: text/event-stream" }],
		});
	}
	const charset = /charset="?([\w-]+)/i.exec(type)?.[1] ?? "utf-8";
	if (/^utf-?8$/i.test(charset)) return fine("status", `The answer is 200, ${type}.`);
	return fault("status", `The content type names the charset ${quoted(charset)}.`, {
		means: "Event streams are UTF-8, whatever the charset says. Some clients refuse another.",
		remedy: "Take the charset out.",
	});
}

function misdirected(context: CheckContext): Finding {
	const { hostname } = context.url;
	// The hub accepts addresses and localhost. Where the URL has one, the proxy passes on some other name.
	const isName = /\.[a-z][\w-]*$/i.test(hostname);
	const lines = `SSE_HOSTS=${isName ? hostname : "events.example.com   # the name that the proxy passes on"}`;
	return fault("status", "The answer is 421: the server is not called by that host.", {
		means: `${forGood} The proxy passes on a host that the hub does not take for its own.`,
		remedy: "Name the host to the hub, or have the proxy send the hub's own address as the host.",
		paste: [{ for: "the hub", lines }, ...context.paste("host")],
	});
}
