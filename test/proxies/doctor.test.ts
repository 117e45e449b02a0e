import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../src/doctor/finding.ts";
import { type Server, startServer } from "../support/server.ts";
import { later } from "../support/wait.ts";
import { apache } from "./kit/apache.ts";
import { caddy } from "./kit/caddy.ts";
import { diagnosed, inShort } from "./kit/diagnosed.ts";
import { haproxy } from "./kit/haproxy.ts";
import { nginx } from "./kit/nginx.ts";
import { documented, tableOf } from "./kit/table.ts";
import { varnish } from "./kit/varnish.ts";

/** `edge-sse doctor` behind five proxies, each configured well and badly. */

const proxies = [nginx, haproxy, apache, caddy, varnish];
const token = "hush";

let hub: Server;
beforeAll(async () => {
	hub = await startServer("node", {
		env: {
			...{ SSE_PUBLISH_TOKEN: token, SSE_HISTORY_LENGTH: "100" },
			SSE_CORS_ORIGIN: "https://app.example.com",
		},
	});
});
afterAll(() => hub.kill());

/** All at once: they mostly wait. */
const results = new Map<string, Promise<Finding[]>[]>();
beforeAll(async () => {
	for (const { name, start, configurations } of proxies) {
		const urls = await start(configurations, new URL(hub.url));
		const server = { url: hub.url, token };
		const found = configurations.map(({ finds }, at) =>
			later(diagnosed(urls[at] ?? "", server, patience(finds))),
		);
		results.set(name, found);
	}
});

/** Long enough for a busy machine, except where a proxy holds something back: that is waited for. */
function patience(finds: readonly string[]) {
	const idle = 5_000;
	const isHeld = finds.includes("fault first-byte") || finds.includes("fault compression");
	if (isHeld) return { idle, latency: 3_000, timeout: 5_000 };
	const latency = finds.includes("fault last-event-id") ? 4_000 : 20_000;
	return { idle, latency, timeout: 40_000 };
}

describe.each(proxies)("$name", ({ name, configurations }) => {
	test.each(configurations.map((each, at) => [each.lines, each, at] as const))(
		"%s",
		async (_, { finds }, at) => {
			const findings = await results.get(name)?.[at];
			expect(inShort(findings ?? []), JSON.stringify(findings, null, 1)).toEqual(finds);
		},
	);
});

test("docs/deploying.md has the table as it is tested here", () => {
	// WRITE_DOCS=1 writes it.
	expect(documented(proxies)).toBe(tableOf(proxies));
});
