import { expect, it } from "vitest";
import { temporaryDirectory } from "../../support/directories.ts";
import { call, post, streamUrl } from "../../support/hub-client.ts";
import { freePort } from "../../support/ports.ts";
import { runToEnd, startProgram, startServer } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import { startWorker } from "../../support/worker.ts";
import type { Fixture } from "../fixture.ts";

/** The commands of package.json: how they start, and how they end. */
export function starting(fixture: Fixture): void {
	const { name, endsStreams } = fixture.runtime;

	it.for(fixture.startedBrokers)(
		"prints where it listens, and on which broker: %s",
		async (broker, t) => {
			fixture.scene(t);
			const hub = await fixture.started(broker);
			expect(hub.output).toMatch(
				/^edge-sse: listening on http:\/\/127\.0\.0\.1:\d+ \(broker: [\w -]+\)$/m,
			);
			expect(hub.broker).toBe(fixture.brokerName(broker));
			expect(hub.output.match(/edge-sse: listening/g)).toHaveLength(1);
		},
	);

	const ways = [
		{ signal: "SIGTERM", host: "127.0.0.1", publishing: [200, 401] },
		{ signal: "SIGINT", host: "0.0.0.0", publishing: [403, 403] },
	] as const;
	const title =
		"listens on HOST $host and PORT, answers a publish with its token and another one with $publishing, " +
		"and stops on $signal with its streams ended";
	it.for(ways)(title, async ({ signal, host, publishing }, t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const port = await freePort();
		const env = { ...fixture.onRedis, HOST: host, PORT: String(port) };
		const server = scene.use(await startServer(name, { env }));
		expect(server.broker).toBe("redis");
		expect(server.output).toContain(`edge-sse: listening on http://${host}:${port} `);
		const streams = await Promise.all([
			scene.openSocket(streamUrl(server, channel)),
			scene.openSocket(streamUrl(server, `${channel}.other`)),
		]);
		await Promise.all(streams.map((stream) => stream.comment()));
		for (const [i, headers] of [{}, { authorization: "Bearer anything" }].entries()) {
			const { status, json } = await post(server, { data: "here", channel }, headers);
			expect(status).toBe(publishing[i]);
			if (status === 403) expect(json.error).toMatch(/SSE_PUBLISH_TOKEN.*HOST/);
			if (status === 200) expect(json.receivers).toBe(1);
		}

		expect(await server.stop(signal)).toBe(0);
		for (const stream of streams) {
			await stream.end();
			expect(stream.state).toBe(endsStreams ? "ended" : "broken");
			expect(stream.retries).toHaveLength(endsStreams ? 1 : 0);
		}
		await until(async () => (await fixture.redis.numsub(channel)) === 0, {
			what: "Redis to be rid of its subscription",
		});
	});

	if (endsStreams) {
		// On Workers this process is wrangler, and when it begins to handle signals is not ours to decide.
		it("stops on a signal right after its start line", async (t) => {
			const scene = fixture.scene(t);
			const server = scene.use(await startServer(name, { env: fixture.onRedis }));
			expect(await server.stop()).toBe(0);
		});

		// A Worker reads its settings with its first request.
		it.for([
			{ SSE_REDIS_URL: "redis://default:57#s3cr3t@127.0.0.1:6379/0" },
			{ REDIS_URL: "rediss://default:57/s3cr3t@127.0.0.1:6379" },
			{
				UPSTASH_REDIS_REST_URL: "https://x:57#s3cr3t@db.invalid",
				UPSTASH_REDIS_REST_TOKEN: "s3cr3t",
			},
			{ UPSTASH_REDIS_REST_URL: "https://db.invalid", UPSTASH_REDIS_REST_TOKEN: "s3cr3t s3cr3t" },
			{ SSE_JWKS_URL: "https://user:s3cr3t@keys.invalid/" },
		])("says of %j what is wrong, and no part of a secret", async (env, t) => {
			fixture.scene(t);
			const { code, output } = await runToEnd(name, { env });
			expect(code).toBe(1);
			expect(output.trim()).toMatch(/^edge-sse: [^\n]+$/);
			expect(output).not.toContain("s3cr3t");
		});
	}

	// One of each kind: test/unit/server/settings.test.ts has them all.
	it.for([
		{ PORT: "99999" },
		{ SSE_KEEP_ALIVE: "0" },
		{ SSE_METRICS_TOKEN: "" },
		{ SSE_CHANNELS: " , " },
		{ SSE_HOSTS: "https://events.example.com/" },
		{ SSE_JWT_SECRET: "" },
		{ SSE_HISTORY_LENGTH: "many" },
		{ SSE_REDIS_URL: "" },
		{ UPSTASH_REDIS_REST_URL: "https://x.upstash.io" },
		{ REDIS_URL: "redis://hunter2:hunter2@:x" },
	])("refuses to start with %j, in one line that names the variable", async (env, t) => {
		fixture.scene(t);
		const { code, output } = await runToEnd(name, { env: env as Record<string, string> });
		expect(code).toBe(1);
		expect(output.trim()).toMatch(new RegExp(`^edge-sse: ${Object.keys(env)[0]}[: ][^\\n]+$`));
		expect(output).not.toContain("hunter2");
	});

	if (!endsStreams) {
		it("answers every request with what is wrong, where it cannot refuse to start", async (t) => {
			const scene = fixture.scene(t);
			for (const env of [
				{ SSE_CHANNELS: "" },
				{ REDIS_URL: "http://hunter2" },
				{ SSE_HOLD: "worker", REDIS_URL: "redis://hunter2:hunter2@127.0.0.1" },
			]) {
				const worker = scene.use(
					await startWorker({ entry: "src/server/worker.ts", env: env as Record<string, string> }),
				);
				for (const path of ["/", "/stream", "/healthz"]) {
					const { status, body } = await call(worker.url + path);
					expect(status).toBe(503);
					expect(body).toContain(Object.keys(env)[0]);
					expect(body).not.toContain("hunter2");
				}
				expect(worker.output.match(/"level":"error"/g)).toHaveLength(1);
			}
		});
	}

	it("drains, exits with 0 and frees its port on a SIGTERM to npm", async (t) => {
		const scene = fixture.scene(t);
		const port = String(await freePort());
		const script = name === "node" ? "start" : `start:${name}`;
		const own = name === "workers" ? ["--", "--persist-to", temporaryDirectory()] : [];
		const start = () =>
			startProgram(["npm", "run", script, ...own], {
				announces: /^edge-sse: listening on (http:\S+) \(broker: (.+)\)$/m,
				env: { PORT: port },
			});
		const server = scene.use(await start());
		const stream = await scene.openSocket(streamUrl(server));
		await stream.comment();
		expect(await server.stop()).toBe(0);
		await stream.end();
		expect(stream.retries).toHaveLength(endsStreams ? 1 : 0);
		const again = scene.use(await start());
		expect(await again.stop("SIGINT")).toBe(0);
	});
}
