import { checkEventStream } from "../../doctor/check-event-stream.ts";
import type { Finding } from "../../doctor/finding.ts";
import type { StreamCheckOptions } from "../../doctor/options.ts";
import { reachability } from "./address.ts";
import { foreignName, httpVersion } from "./http.ts";

/** Runs all checks of a stream: those of `edge-sse/testing`, and those that need a socket. */
export async function diagnose(url: URL, options: StreamCheckOptions): Promise<Finding[]> {
	const { timeout = 10_000, headers = {} } = options;
	const { findings, reached } = await reachability(url, timeout);
	if (reached === undefined) return findings;
	const stream = await checkEventStream(url, options);
	const isStream = stream.some(({ check, level }) => check === "status" && level === "fine");
	if (!isStream) return [...findings, ...stream];
	return [
		...findings,
		...stream,
		...(await httpVersion(url, reached, timeout, headers)),
		...(await foreignName(url, reached, timeout, headers)),
	];
}
