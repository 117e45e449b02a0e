import type { CheckContext } from "../context.ts";
import { advice, type Finding, fault, fine, quoted } from "../finding.ts";
import { StreamProbe } from "../stream-probe.ts";

/** The headers that a proxy must not remove. X-Accel-Buffering is not one of them: nginx obeys it, and then removes it. */
const compared = ["cache-control", "content-type", "vary"];

/** Checks the headers of a stream. */
export async function headerFindings(
	context: CheckContext,
	probe: StreamProbe,
): Promise<Finding[]> {
	return [
		...cacheFindings(context, probe),
		...(await strippedFindings(context, probe)),
		...lengthFindings(probe),
	];
}

/** Finds out whether an answer came out of a cache. */
export function cacheFindings(context: CheckContext, { headers }: StreamProbe): Finding[] {
	const age = Number(headers.get("age") ?? "0");
	// Varnish writes two request numbers when the answer came from its cache: this request's, and the cached one's.
	const isTwo = /^\d+ \d+$/.test(headers.get("x-varnish") ?? "");
	const hit = ["x-cache", "cf-cache-status", "x-cache-status", "x-proxy-cache"].find((name) =>
		/^hit/i.test(headers.get(name) ?? ""),
	);
	if (!(age > 0 || isTwo || hit !== undefined)) return [];
	const sign = hit !== undefined ? `${hit}: ${headers.get(hit)}` : `age: ${headers.get("age")}`;
	return [
		fault("cache", `The stream came out of a cache (${quoted(sign)}).`, {
			means: "Everybody gets one and the same stream, with old events and without access rules.",
			remedy: "Take the stream out of the cache.",
			paste: context.paste("cache"),
		}),
	];
}

async function strippedFindings(context: CheckContext, probe: StreamProbe): Promise<Finding[]> {
	const { direct } = context.options;
	const own = direct === undefined ? undefined : await context.open({}, { url: direct });
	if (own instanceof StreamProbe) {
		own.close();
		const lost = compared.filter((name) => {
			const here = wordsOf(probe.headers.get(name));
			return wordsOf(own.headers.get(name)).some((word) => !here.includes(word));
		});
		if (lost.length === 0) return [fine("headers", "The server's headers arrive unchanged.")];
		const each = lost.map(
			(name) =>
				`${name} is ${shown(probe.headers.get(name))}, the server sent ${shown(own.headers.get(name))}`,
		);
		return [
			fault("headers", `Headers were changed on the way: ${each.join(", and ")}.`, {
				means: "What the server asks of proxies and browsers does not reach them.",
				remedy: "Take out what changes them.",
				paste: context.paste("cache-control"),
			}),
		];
	}
	const control = probe.headers.get("cache-control") ?? "";
	const lacking = ["no-cache", "no-transform"].filter((word) => !wordsOf(control).includes(word));
	if (lacking.includes("no-cache") && wordsOf(control).includes("no-store")) lacking.shift();
	if (lacking.length === 0) return [fine("headers", `cache-control is ${quoted(control)}.`)];
	const seen =
		control === "" ? "There is no cache-control." : `cache-control is ${quoted(control)}.`;
	return [
		advice("headers", `${seen} It lacks ${lacking.join(" and ")}.`, {
			means:
				"A proxy that compresses may hold the stream back, and a cache may keep it. edge-sse sends both words: where they are gone, something has taken them out.",
			remedy:
				"Send both, and take out what strips them. `--direct` compares with the server itself.",
			paste: context.paste("cache-control"),
		}),
	];
}

/** The parts of a header. A proxy may add parts, which does no harm. */
const wordsOf = (value: string | null) =>
	(value ?? "")
		.toLowerCase()
		.split(/\s*[,;]\s*/)
		.filter((word) => word !== "");

const shown = (value: string | null) => (value === null ? "gone" : quoted(value));

function lengthFindings({ headers }: StreamProbe): Finding[] {
	const length = headers.get("content-length");
	if (length === null) return [];
	return [
		fault("first-byte", `The answer has a content-length of ${quoted(length)}.`, {
			means: "A stream has no length. Something gathered the whole answer before it sent it on.",
			remedy: "Turn buffering off for the stream.",
		}),
	];
}
