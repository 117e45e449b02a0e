import { afterAll } from "vitest";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { startWorker } from "../support/worker.ts";
import { honoApp, wholeProgram } from "./mounted.ts";
import { runs } from "./suite/runs.ts";
import { runtimeSuite } from "./suite.ts";

const fixture = (file: string) => (env: Record<string, string>) =>
	startWorker({ entry: `test/runtimes/fixtures/${file}`, env });

/** With the objects of its own bundle, whose storage may outlive it. */
const runsWorker = (env: Record<string, string>, storage?: string) =>
	startWorker({
		entry: "test/runtimes/fixtures/runs-worker.ts",
		objects: { SSE: "SseChannel" },
		env,
		...(storage !== undefined && { storage }),
	});

// `npm run start:workers`, that is wrangler dev, is tested for starting, printing and stopping. The other cases
// run in workerd itself. A script that publishes and ends is no Worker, so that case is not here.
runtimeSuite(
	{
		name: "workers",
		embedded: "durable-object",
		hostHeaders: ["connection", "transfer-encoding"],
		sharesUpstream: false,
		endsStreams: false,
		noticesDeparture: false,
	},
	(shared) => {
		honoApp(shared, fixture("hono-app.ts"));
		wholeProgram(shared, "export { sse as default }", fixture("default-export.ts"));

		runs(shared, runsWorker);

		let gateway: UpstashGateway | undefined;
		afterAll(() => gateway?.[Symbol.asyncDispose]());
		wholeProgram(shared, "export { sse as default } of the edge build, over Upstash", async () => {
			gateway = await startUpstashGateway({ redis: shared.redis.url });
			return fixture("default-export-edge.ts")({
				UPSTASH_REDIS_REST_URL: gateway.url,
				UPSTASH_REDIS_REST_TOKEN: gateway.token,
				SSE_BROKER_TIMEOUT: "20000",
			});
		});
	},
);
