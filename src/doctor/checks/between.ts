import type { CheckContext } from "../context.ts";
import { codeOf } from "../failure.ts";
import { type Finding, fine, unknown } from "../finding.ts";
import { StreamProbe } from "../stream-probe.ts";

/** Says whether a client that no stream reaches can read by single requests. */
export async function polling(context: CheckContext): Promise<Finding[]> {
	const probe = await context.open({ accept: "application/json" }, { query: { wait: "0" } });
	const isJson =
		probe instanceof StreamProbe &&
		probe.status === 200 &&
		/^application\/json\b/i.test(probe.headers.get("content-type") ?? "");
	if (probe instanceof StreamProbe) probe.close();
	if (isJson) {
		return [
			fine(
				"polling",
				"The server answers single requests by JSON: edge-sse/client reads on where streams are held back.",
			),
		];
	}
	return [
		unknown("polling", "The server has no JSON for single requests.", {
			means: "Clients behind a proxy that holds streams back get nothing.",
			remedy: "With edge-sse, turn history on: edge-sse/client then polls where it must.",
		}),
	];
}

/** Names what no check can see from here. */
export function unseen({ url }: CheckContext): Finding {
	const isOpen = url.protocol === "http:";
	return unknown(
		"between",
		"A user's own service worker, virus scanner or company's proxy cannot be seen from here.",
		{
			means: isOpen
				? "Over http:// all of them can read the stream and hold it back. A service worker may drop Last-Event-ID."
				: "A proxy that opens TLS may hold the stream back. A service worker may drop Last-Event-ID.",
			remedy: isOpen
				? "Serve https://. edge-sse/client has its position in the URL, and polls where streams are held back."
				: "edge-sse/client has its position in the URL, and polls where streams are held back.",
		},
	);
}

/** The finding for a check that itself has failed. The other findings are kept. */
export function failedCheck(error: unknown): Finding {
	return unknown("between", `A check could not be finished: ${codeOf(error).slice(0, 200)}.`);
}
