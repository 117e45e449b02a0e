import type { CheckContext } from "../context.ts";
import { type Failure, failureInWords } from "../failure.ts";
import { advice, type Finding, fault, fine, quoted } from "../finding.ts";
import { httpUrl } from "../options.ts";
import { StreamProbe } from "../stream-probe.ts";
import { statusFinding } from "./status.ts";

/** How many redirects are followed. Browsers follow 20, but a stream needs no more than a few. */
const mostRedirects = 5;

/** Opens the stream for the first time. Without a stream there is nothing more to check. */
export async function openFirst(
	context: CheckContext,
): Promise<{ probe: StreamProbe | undefined; findings: Finding[] }> {
	const findings: Finding[] = [];
	const seen = new Set([context.url.href]);
	for (;;) {
		const probe = await context.open();
		if (!(probe instanceof StreamProbe)) {
			return { probe: undefined, findings: [...findings, await noAnswer(context, probe)] };
		}
		const target = redirectOf(context.url, probe);
		if (target === undefined) {
			const finding = statusFinding(context, probe);
			const isOpen = finding.level !== "fault";
			if (!isOpen) probe.close();
			return { probe: isOpen ? probe : undefined, findings: [...findings, finding] };
		}
		probe.close();
		if (target === "nowhere" || seen.has(target.href) || seen.size > mostRedirects) {
			const words = target === "nowhere" ? "to nowhere" : "in a circle, or too often";
			const means = "No page ever gets the stream.";
			const remedy = "Call the stream by its last address, or take the redirect out.";
			findings.push(fault("status", `The answer redirects ${words}.`, { means, remedy }));
			return { probe: undefined, findings };
		}
		seen.add(target.href);
		findings.push(
			advice("status", `${probe.status}: redirects to ${target.origin}${target.pathname}.`, {
				means:
					"Each reconnect takes one more request. Headers such as Authorization are not sent to another origin.",
				remedy: "Call the stream by its last address.",
			}),
		);
		context.url = target;
	}
}

function redirectOf(url: URL, { status, headers }: StreamProbe): URL | "nowhere" | undefined {
	if (![301, 302, 303, 307, 308].includes(status)) return undefined;
	const location = headers.get("location") ?? "";
	if (location === "" || !URL.canParse(location, url)) return "nowhere";
	try {
		return httpUrl("location", new URL(location, url));
	} catch {
		return "nowhere"; // no scheme that a stream can have
	}
}

async function noAnswer(context: CheckContext, failure: Failure): Promise<Finding> {
	const seen = `${context.url.host}: ${failureInWords(failure)}.`;
	if (failure.kind !== "timeout") {
		return fault("reach", seen, {
			means: "An EventSource tries again and again, and gets nothing.",
			remedy: "Check the name, the port, the certificate, and whether the server runs.",
		});
	}
	const plain = await context.open({ "accept-encoding": "identity" });
	if (plain instanceof StreamProbe && plain.status === 200) {
		plain.close();
		return fault("compression", `${seen} Without compression the answer comes at once.`, {
			means: "Something compresses the stream and holds it back until it has enough.",
			remedy: "Take the stream out of the compression.",
			paste: context.paste("compression"),
		});
	}
	await context.recognise();
	const { direct } = context.options;
	const straight = direct === undefined ? undefined : await context.open({}, { url: direct });
	const isHeld = straight instanceof StreamProbe && straight.status === 200;
	if (isHeld) straight.close();
	return fault("first-byte", isHeld ? `${seen} The server itself answers at once.` : seen, {
		means: isHeld
			? "Something in between holds the stream back until its buffer is full."
			: "Either something in between holds the stream back, or the server sends nothing before the first event. A page cannot tell an open stream from a broken one.",
		remedy: "Turn buffering off for the stream, and have the server send a comment at once.",
		paste: context.paste("buffering"),
	});
}

/** Says how soon the first bytes came. */
export async function firstByte(context: CheckContext, probe: StreamProbe): Promise<Finding[]> {
	const { latency } = context.options;
	await probe.when(() => probe.firstByteAt !== undefined, latency);
	const head = `The head came after ${Math.round(probe.headMs)} ms`;
	if (probe.firstByteAt !== undefined) {
		await probe.when(() => probe.hasFrames || probe.bytes > 65_536, latency);
		if (!probe.hasFrames) return [garbage(probe)];
		const ms = Math.round(probe.firstByteAt - probe.openedAt);
		return [fine("first-byte", `${head}, the first bytes ${ms} ms later.`)];
	}
	if (probe.state !== "open") return [];
	return [
		advice("first-byte", `${head}, and in ${latency / 1_000} s nothing followed.`, {
			means:
				"The server sends nothing before the first event, or something holds it back. On some hosts a page's `onopen` waits for the first byte.",
			remedy: "Have the server send a comment at once.",
		}),
	];
}

function garbage({ bytes, problem }: StreamProbe): Finding {
	const why = problem === undefined ? "" : ` The reader says: ${quoted(problem)}.`;
	return fault("first-byte", `${bytes} bytes came that are no event stream.${why}`, {
		means: "The content type promises events, and a page hears none.",
		remedy:
			"Look at it with `curl -N`. Each event is lines such as `data: text`, then an empty line.",
	});
}
