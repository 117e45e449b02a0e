import type { Publishing } from "./publishing.ts";

/**
 * What a hub prints when it listens: its address, its broker, and how to publish. A token made
 * for this start appears only here, never in the log.
 *
 * @param url the hub's address, without a slash at the end.
 */
export function startLines(url: string, broker: string, publishing: Publishing): string {
	return [
		`edge-sse: listening on ${url} (broker: ${broker})`,
		...publishingLines(url, publishing),
	].join("\n");
}

function publishingLines(url: string, publishing: Publishing): string[] {
	if (publishing.by === "everybody") {
		return ["edge-sse: SSE_PUBLISH_OPEN is set: everybody who reaches this address may publish."];
	}
	if (publishing.by === "nobody") {
		return [
			"edge-sse: publishing over HTTP is off. Set SSE_PUBLISH_TOKEN to switch it on, or SSE_JWT_SECRET or " +
				"SSE_JWKS_URL; SSE_PUBLISH_OPEN=true lets everybody publish.",
		];
	}
	if (!publishing.isMade) return [];
	const message = `{"data": {"message": "Hello!"}, "type": "greeting"}`;
	return [
		"edge-sse: publishing takes a token, made for this start. The page that has it, and a line for a terminal:",
		`  ${url}/#token=${publishing.token}`,
		`  curl '${url}/publish' -H 'Authorization: Bearer ${publishing.token}' -d '${message}'`,
	];
}
