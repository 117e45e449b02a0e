import { afterAll } from "vitest";
import { startWorkerd } from "../support/server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { honoApp, wholeProgram } from "./mounted.ts";
import { runtimeSuite } from "./suite.ts";

const fixture = (file: string) => (env: Record<string, string>) =>
	startWorkerd(`test/runtimes/fixtures/${file}`, env);

// The shared hubs run through `npm run start:workers`, so wrangler dev; the others in workerd itself. A
// script that publishes and ends is no Worker, so that case is not here.
runtimeSuite(
	{
		name: "workers",
		embedded: "durable-object",
		hostHeaders: ["connection", "transfer-encoding"],
		sharesUpstream: false,
		endsStreams: false,
		noticesDeparture: false,
	},
	(bed) => {
		honoApp(bed, fixture("hono-app.ts"));
		wholeProgram(bed, "export { sse as default }", fixture("default-export.ts"));

		let gateway: UpstashGateway | undefined;
		afterAll(() => gateway?.[Symbol.asyncDispose]());
		wholeProgram(bed, "export { sse as default } of the edge build, over Upstash", async () => {
			gateway = await startUpstashGateway({ redis: bed.redis.url });
			return fixture("default-export-edge.ts")({
				UPSTASH_REDIS_REST_URL: gateway.url,
				UPSTASH_REDIS_REST_TOKEN: gateway.token,
			});
		});
	},
);
