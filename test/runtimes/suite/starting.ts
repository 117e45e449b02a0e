import { expect, it } from "vitest";
import { post, streamUrl } from "../../support/hub-client.ts";
import { freePort } from "../../support/ports.ts";
import { runToEnd, startServer } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import type { Bed } from "../bed.ts";

/** The command lines of package.json: how they begin, and how they end. */
export function starting(bed: Bed): void {
	const { name, endsStreams } = bed.runtime;

	it.for(bed.brokers)("says where it listens, and on which broker: %s", (broker, t) => {
		bed.scene(t);
		const hub = bed.hub(broker);
		expect(hub.output).toMatch(
			/^edge-sse: listening on http:\/\/127\.0\.0\.1:\d+ \(broker: [\w -]+\)$/m,
		);
		expect(hub.broker).toBe(bed.brokerName(broker));
		expect(hub.output.match(/edge-sse: listening/g)).toHaveLength(1);
	});

	const ways = [
		{ signal: "SIGTERM", host: "127.0.0.1", publishing: 200 },
		{ signal: "SIGINT", host: "0.0.0.0", publishing: 403 },
	] as const;
	const title =
		"listens on HOST $host and PORT, answers a publish without a token with $publishing, " +
		"and stops on $signal with its streams ended";
	it.for(ways)(title, async ({ signal, host, publishing }, t) => {
		const scene = bed.scene(t);
		const { channel } = scene;
		const port = await freePort();
		const env = { ...bed.onRedis, HOST: host, PORT: String(port) };
		const server = scene.use(await startServer(name, { env }));
		expect(server.output).toContain(`edge-sse: listening on http://${host}:${port} `);
		const streams = await Promise.all([
			scene.openSocket(streamUrl(server, channel)),
			scene.openSocket(streamUrl(server, `${channel}.other`)),
		]);
		await Promise.all(streams.map((stream) => stream.comment()));
		for (const headers of [{}, { authorization: "Bearer anything" }]) {
			const { status, json } = await post(server, { data: "here", channel }, headers);
			expect(status).toBe(publishing);
			if (publishing === 403) expect(json.error).toMatch(/SSE_PUBLISH_TOKEN.*HOST/);
			else expect(json.receivers).toBe(1);
		}

		expect(await server.stop(signal)).toBe(0);
		for (const stream of streams) {
			await stream.end();
			expect(stream.state).toBe(endsStreams ? "ended" : "broken");
			expect(stream.retries).toHaveLength(endsStreams ? 1 : 0);
		}
		await until(async () => (await bed.redis.numsub(channel)) === 0, {
			what: "Redis to be rid of its subscription",
			timeout: 10_000,
		});
	});

	if (endsStreams) {
		// On Workers this process is wrangler, and from when on it hears signals is not ours to say.
		it("stops as soon as it has said that it listens", async (t) => {
			const scene = bed.scene(t);
			const server = scene.use(await startServer(name, { env: bed.onRedis }));
			expect(await server.stop()).toBe(0);
		});
	}

	it.for([{ PORT: "99999" }, { SSE_KEEP_ALIVE: "often" }])(
		"refuses to start with %j, in one line that names the variable",
		async (env, t) => {
			bed.scene(t);
			const { code, output } = await runToEnd(name, { env });
			expect(code).toBe(1);
			expect(output.trim()).toMatch(
				new RegExp(`^edge-sse: ${Object.keys(env)[0]} must be a whole number [^\\n]+$`),
			);
		},
	);
}
