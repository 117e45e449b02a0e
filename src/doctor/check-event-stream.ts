import { failedCheck, polling, unseen } from "./checks/between.ts";
import { crossOrigin } from "./checks/cross-origin.ts";
import { compression, delivery } from "./checks/delivery.ts";
import { headerFindings } from "./checks/headers.ts";
import { firstByte, openFirst } from "./checks/opening.ts";
import { headerReaches, resume, resumeUnpublished } from "./checks/resume.ts";
import { afterRefusal, again, idle } from "./checks/staying.ts";
import { CheckContext, isStream } from "./context.ts";
import type { Finding } from "./finding.ts";
import { checkedOptions, httpUrl, type StreamCheckOptions } from "./options.ts";
import type { StreamProbe } from "./stream-probe.ts";

/**
 * Checks an event stream of edge-sse or of any other server: its headers, how soon events arrive, what holds them back,
 * whether it stays open, and whether a client that reconnects gets what it missed. It needs only `fetch`, and takes bounded
 * time and memory. Whatever the server does, the promise resolves.
 *
 * @example
 * ```ts
 * import { checkEventStream } from "edge-sse/testing";
 *
 * const findings = await checkEventStream("http://localhost:8787/stream?channel=news", {
 *   publish: (data) => sse.publish(data, { channel: "news" }),
 * });
 * const faults = findings.filter(({ level }) => level === "fault"); // none, if all is well
 * ```
 *
 * @throws {TypeError} (the promise rejects) for an invalid URL or option.
 */
export async function checkEventStream(
	url: string | URL,
	options: StreamCheckOptions = {},
): Promise<Finding[]> {
	const context = new CheckContext(httpUrl("url", url), checkedOptions(options));
	try {
		const findings: Finding[] = [];
		for await (const finding of checks(context)) {
			// Checks that failed because of the abort say nothing about the server.
			if (options.signal?.aborted) break;
			findings.push(finding);
		}
		return findings;
	} finally {
		context.close();
	}
}

/** The checks, in the order of a stream's life. */
async function* checks(context: CheckContext): AsyncGenerator<Finding> {
	const { probe: first, findings } = await openFirst(context);
	yield* findings;
	if (first === undefined) return;
	yield* await headerFindings(context, first);
	const stayed = await afterRefusal(context, first);
	yield* stayed.findings;
	if (stayed.probe === undefined) return;
	for (const check of parts) {
		try {
			const found = await check(context, stayed.probe);
			yield* found;
			if (check === again && found.some(({ level }) => level === "fault")) break;
		} catch (error) {
			yield failedCheck(error);
		}
	}
	yield unseen(context);
}

type Part = (context: CheckContext, probe: StreamProbe) => Promise<Finding[]>;

const parts: readonly Part[] = [firstByte, again, events, idleAlone, crossOrigin, polling];

async function events(context: CheckContext, probe: StreamProbe): Promise<Finding[]> {
	const { findings, event } = await delivery(context, probe);
	if (event !== undefined) {
		return [...findings, ...(await resume(context, event))];
	}
	const isLost = findings.some(({ level }) => level === "fault");
	if (isLost) return findings;
	return [
		...findings,
		...compression(probe),
		...(await headerReaches(context)),
		...(await resumeUnpublished(context, probe)),
	];
}

/** Watches a stream on which nothing was published. The other streams had our events. */
async function idleAlone(context: CheckContext, probe: StreamProbe): Promise<Finding[]> {
	probe.close();
	const own = await context.open();
	if (!isStream(own)) return [];
	const found = await idle(context, own);
	own.close();
	return found;
}
