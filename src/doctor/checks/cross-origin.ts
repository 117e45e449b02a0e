import type { CheckContext } from "../context.ts";
import { advice, type Finding, fault, fine, quoted } from "../finding.ts";
import { StreamProbe } from "../stream-probe.ts";

/** Checks whether a page of another origin may read the stream. */
export async function crossOrigin(context: CheckContext): Promise<Finding[]> {
	const { origin } = context.options;
	if (origin === undefined) return [];
	const probe = await context.open({ origin });
	if (!(probe instanceof StreamProbe)) {
		return [fault("cors", "A request with an Origin got no answer.")];
	}
	probe.close();
	const allowed = probe.headers.get("access-control-allow-origin");
	const paste = context.paste("cors").map((each) => ({
		...each,
		lines: each.lines.replace("https://app.example.com", origin),
	}));
	const means =
		"The browser reads the stream and hides it from the page. The EventSource gives up.";
	if (allowed === null) {
		const remedy = "Name the origin in the server's answer.";
		return [fault("cors", `Pages of ${origin} may not read the stream.`, { means, remedy, paste })];
	}
	if (allowed.includes(",")) {
		const seen = `access-control-allow-origin has several values: ${quoted(allowed)}.`;
		const remedy = "Only one of them may send it: the server or the proxy.";
		return [fault("cors", seen, { means, remedy, paste })];
	}
	if (allowed !== "*" && allowed !== origin) {
		const seen = `access-control-allow-origin is ${quoted(allowed)}, and not ${origin}.`;
		return [
			fault("cors", seen, { means, remedy: "Name the origin in the server's answer.", paste }),
		];
	}
	return [
		fine("cors", `Pages of ${origin} may read the stream.`),
		...varies(allowed, probe),
		...credentials(probe),
	];
}

function varies(allowed: string, { headers }: StreamProbe): Finding[] {
	if (allowed === "*" || /\borigin\b|\*/i.test(headers.get("vary") ?? "")) return [];
	return [
		advice("cors", "The answer depends on the origin, and `vary` does not say so.", {
			means: "A cache may give one origin's answer to another.",
			remedy: "Send Vary: Origin.",
		}),
	];
}

function credentials({ headers }: StreamProbe): Finding[] {
	if (headers.get("access-control-allow-credentials") === "true") return [];
	return [fine("cors", "Cookies are not allowed (`withCredentials` would fail).")];
}
