import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Installed, install, libraries } from "../package/installed.ts";
import { openSocketStream, type SocketStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";
import { replaced } from "../support/programs.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { until } from "../support/wait.ts";
import { startWorker, type Worker } from "../support/worker.ts";
import { snippet } from "./snippets.ts";

/** Runs the documents' programs for Workers unchanged, in workerd, from the installed package. */

let installed: Installed;
let redis: RedisServer;
let gateway: UpstashGateway;
beforeAll(async () => {
	installed = await install([...libraries, "hono"]);
	redis = await startRedis();
	gateway = await startUpstashGateway({ redis: redis.url });
});
afterAll(async () => {
	await gateway.stop();
	await redis.stop();
	await installed.remove();
});

let files = 0;

async function running(
	code: string,
	options: Partial<Parameters<typeof startWorker>[0]> = {},
): Promise<Worker> {
	const entry = join(installed.folder, `worker-${++files}.ts`);
	await writeFile(entry, code);
	const worker = await startWorker({ ...options, entry });
	onTestFinished(() => worker.kill());
	return worker;
}

async function stream(worker: Worker, path: string): Promise<SocketStream> {
	const opened = await openSocketStream(worker.url + path);
	onTestFinished(() => opened.close());
	await opened.comment();
	return opened;
}

const onUpstash = () => ({
	UPSTASH_REDIS_REST_URL: gateway.url,
	UPSTASH_REDIS_REST_TOKEN: gateway.token,
	SSE_BROKER_TIMEOUT: "20000",
});
const objects = { SSE: "SseChannel" };
const ownObjects = snippet("README.md", "durableObject(env.SSE)").code;

test("README.md: the app streams what it publishes", async () => {
	const { code } = snippet("README.md", 'app.mount("/stream"');
	const worker = await running(code, { env: onUpstash() });
	const visitor = await stream(worker, "/stream");
	expect(await call(`${worker.url}/hello`, { method: "POST" })).toMatchObject({ status: 200 });
	expect(await visitor.data(1)).toEqual(['{"message":"Hello!"}']);
});

test("README.md: `sse` as the whole program streams through Upstash", async () => {
	const worker = await running('export { sse as default } from "edge-sse";', { env: onUpstash() });
	const visitor = await stream(worker, "/?channel=whole");
	await redis.command("PUBLISH", "whole", '{"data": "from Flask"}');
	expect(await visitor.data(1)).toEqual(["from Flask"]);
});

test.each([
	{ hold: "object", receivers: 1 },
	{ hold: "worker", receivers: 2 },
])(
	"README.md: a Worker with objects streams, with streams held by the $hold",
	async ({ hold, receivers }) => {
		const program = replaced(
			ownObjects,
			"durableObject(env.SSE)",
			`durableObject(env.SSE, { hold: "${hold}", history: {} })`,
		);
		const exported = replaced(program, "export default new", "const sse = new");
		const worker = await running(
			`${exported}
		export default {
			fetch: async (request) => request.method === "GET"
				? sse.fetch(request)
				: Response.json(await sse.publish("Hello!", { channel: "news" })),
		};`,
			{ objects },
		);
		const visitors = [
			await stream(worker, "/?channel=news"),
			await stream(worker, "/?channel=news"),
		];
		const { body } = await call(worker.url, { method: "POST" });
		expect(JSON.parse(body)).toMatchObject({ receivers });
		for (const visitor of visitors) expect(await visitor.data(1)).toEqual(["Hello!"]);
		const back = await stream(worker, "/?channel=news&lastEventId=0");
		expect(await back.data(1)).toEqual(["Hello!"]);
	},
);

test("README.md: the Worker with objects opens a stream unchanged", async () => {
	const worker = await running(ownObjects, { objects });
	const visitor = await stream(worker, "/?channel=news");
	expect(visitor.state).toBe("open");
});

test("workers.md: an object that relays has one subscription for all its viewers", async () => {
	const { code } = snippet("docs/workers.md", "override upstream()");
	const worker = await running(code, { objects, env: onUpstash() });
	const visitors: SocketStream[] = [];
	for (const _ of Array(3)) visitors.push(await stream(worker, "/?channel=relayed"));
	expect(await redis.numsub("relayed")).toBe(1);
	await redis.command("PUBLISH", "relayed", '{"data": "from Flask"}');
	for (const visitor of visitors) expect(await visitor.data(1)).toEqual(["from Flask"]);
	for (const visitor of visitors) visitor.reset();
	await until(async () => (await redis.numsub("relayed")) === 0, {
		what: "the subscription's end",
	});
});
