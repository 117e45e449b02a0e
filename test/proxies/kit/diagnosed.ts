import { randomUUID } from "node:crypto";
import { diagnose } from "../../../src/cli/doctor/diagnose.ts";
import type { Finding } from "../../../src/doctor/finding.ts";
import type { StreamCheckOptions } from "../../../src/doctor/options.ts";
import { publish } from "../../support/hub-client.ts";

/** Findings that every proxy here has: they are called over http:// at a private address. */
const everywhere = ["advice http-version", "advice host"];

/** What `doctor` finds for the hub behind a proxy. */
export function diagnosed(
	proxy: string,
	hub: { url: string; token: string },
	options: StreamCheckOptions,
): Promise<Finding[]> {
	const path = `/stream?channel=${randomUUID()}`;
	const channel = path.slice(path.indexOf("=") + 1);
	return diagnose(new URL(path, proxy), {
		publish: (data) => publish(hub, { data, channel }),
		direct: new URL(path, hub.url),
		origin: "https://app.example.com",
		...options,
	});
}

/** The findings that are not positive, as the tables have them. */
export function inShort(findings: readonly Finding[]): string[] {
	const names = findings
		.filter(({ level }) => level === "fault" || level === "advice")
		.map(({ level, check }) => `${level} ${check}`);
	return names.filter((name) => !everywhere.includes(name));
}
