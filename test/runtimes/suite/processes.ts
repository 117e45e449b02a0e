import { expect, it, type TestContext } from "vitest";
import { call, health, json, post, publish, streamUrl } from "../../support/hub-client.ts";
import { freePort } from "../../support/ports.ts";
import { bothServe, childrenOf, hasTaken, lives } from "../../support/processes.ts";
import { runToEnd, startServer } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import type { Fixture } from "../fixture.ts";

/** A hub of several processes. */
export function processes(fixture: Fixture): void {
	const { name } = fixture.runtime;
	if (name === "workers") {
		it("are refused on Workers, with the reason", async (t) => {
			const hub = await fixture.scene(t).hub({ ...fixture.onRedis, SSE_PROCESSES: "2" });
			const answer = await call(streamUrl(hub, "a"));
			expect(answer.status).toBe(503);
			expect(json(answer)).toEqual({
				error: expect.stringContaining("SSE_PROCESSES: not on Workers"),
			});
		});
		return;
	}
	// `npm run start:deno` may not start processes.
	const allowed = ["--no-prompt", "--allow-net", "--allow-env", "--allow-read", "--allow-run"];
	const program = name === "deno" ? ["run", ...allowed, "src/server/deno.ts"] : undefined;
	const launched = (env: Record<string, string>) => ({ env, ...(program && { program }) });
	const several = {
		...{ SSE_PROCESSES: "2", SSE_HISTORY_LENGTH: "10000", SSE_BROKER_TIMEOUT: "20000" },
		// A worker ends its streams at once, and clients come back after at least 2 s.
		SSE_DRAIN: "0",
	};
	const started = async (t: TestContext, env: Record<string, string> = {}) => {
		const scene = fixture.scene(t);
		const hub = await startServer(name, launched({ ...several, ...env }));
		scene.use(hub);
		await bothServe(hub);
		return { scene, hub };
	};
	// Processes start four times in it.
	const slow = { timeout: 600_000 };

	it("loses and doubles no event while its processes are killed and replaced", slow, async (t) => {
		const { scene, hub } = await started(t);
		const { channel } = scene;
		expect(hub.broker).toBe("memory");
		expect(hub.output.match(/listening on/g)).toHaveLength(1);
		expect(hub.output.match(/#token=/g)).toHaveLength(1);

		const clients = Array.from({ length: 8 }, () => {
			const heard: number[] = [];
			const source = scene.eventSource(streamUrl(hub, channel));
			source.onmessage = ({ data }) => heard.push(Number(data));
			return { source, heard };
		});
		const count = clients.length;
		await until(async () => (await health(hub)).connections === count, { what: "all streams" });
		let sent = 0;
		const say = async () => {
			const data = sent + 1;
			// Again after a failure: the key keeps it from being stored twice.
			const isSaid = async () =>
				(await post(hub, { data, channel, key: String(data) }).catch(() => undefined))?.status ===
				200;
			await until(isSaid, { what: "the publish" });
			sent = data;
		};
		const everybodyHears = () =>
			until(() => clients.every(({ heard }) => heard.length >= sent), {
				what: `all events at all clients: ${clients.map(({ heard }) => heard.length)} of ${sent}`,
			});

		await say();
		await everybodyHears();
		const [first] = childrenOf(hub.pid);
		expect(childrenOf(hub.pid)).toHaveLength(2);
		process.kill(first?.pid ?? 0, "SIGKILL");
		for (let more = 0; more < 10; more++) await say();
		await until(() => childrenOf(hub.pid).every(({ pid }) => pid !== first?.pid), {
			what: "the killed one to be gone",
		});
		await everybodyHears();

		for (const { pid } of childrenOf(hub.pid)) process.kill(pid, "SIGKILL");
		await say();
		await everybodyHears();

		await bothServe(hub);
		const before = childrenOf(hub.pid).map(({ pid }) => pid);
		process.kill(hub.pid, "SIGUSR2");
		for (let more = 0; more < 10; more++) await say();
		await until(() => before.every((pid) => !lives(pid)), { what: "all to be replaced" });
		await say();
		await everybodyHears();

		for (const { heard } of clients) {
			expect(heard).toEqual(Array.from({ length: sent }, (_, n) => n + 1));
		}
		const ended = hub.output.split("\n").filter((line) => line.includes('"event":"process"'));
		expect(ended.length).toBeGreaterThanOrEqual(3);
		expect(json({ status: 0, headers: new Headers(), body: ended[0] ?? "" })).toMatchObject({
			process: first?.slot,
			pid: first?.pid,
			message: expect.stringContaining("SIGKILL"),
		});
		const pids = childrenOf(hub.pid).map(({ pid }) => pid);
		for (const { source } of clients) source.close();
		expect(await hub.stop()).toBe(0);
		expect(pids.filter(lives)).toEqual([]);
	});

	it(
		"counts over all processes, and applies SSE_MAX_CONNECTIONS to all together",
		slow,
		async (t) => {
			const { scene, hub } = await started(t, { SSE_MAX_CONNECTIONS: "4" });
			const { channel } = scene;
			const open = async () => {
				const stream = await scene.openSocket(streamUrl(hub, channel));
				await stream.comment();
				return stream;
			};
			const streams = [await open(), await open(), await open(), await open()];
			expect(streams.flatMap(({ retries }) => retries)).toEqual([]);
			const late = await open();
			await late.end();
			expect(late.retries).toHaveLength(1);
			await publish(hub, { data: "to all", channel });
			for (const stream of streams) expect(await stream.event()).toMatchObject({ data: "to all" });

			// Each process gives the same answer.
			for (let asked = 0; asked < 4; asked++) {
				expect(await health(hub)).toMatchObject({
					status: "ok",
					connector: "memory",
					connections: 4,
				});
				const { body } = await call(`${hub.url}/metrics`);
				expect(body).toMatch(/^sse_connections 4$/m);
				expect(body).toMatch(/^sse_frames_total 4$/m);
				expect(body).toMatch(/^sse_processes 2$/m);
				if (name !== "deno")
					expect(body).toMatch(/^process_resident_memory_bytes\{process="2"\} \d+$/m);
				const headers = { authorization: `Bearer ${hub.token}` };
				const about = await call(`${hub.url}/channel?name=${channel}`, { headers });
				expect(json(about)).toMatchObject({ kept: 1, connections: 4 });
			}

			const admitted = async () => {
				const stream = await open();
				return stream.retries.length === 0 && stream;
			};
			streams[0]?.close();
			await until(admitted, { what: "the free place to be given to somebody" });
			expect((await open()).retries).toHaveLength(1);
			// The slots of a dead process are freed.
			for (const { pid } of childrenOf(hub.pid)) process.kill(pid, "SIGKILL");
			await until(async () => (await health(hub).catch(() => undefined))?.connections === 0, {
				what: "other processes",
			});
			await bothServe(hub);
			for (let next = 0; next < 4; next++) await until(admitted, { what: "a place" });
			expect((await open()).retries).toHaveLength(1);
			const { body } = await call(`${hub.url}/metrics`);
			expect(body).toMatch(/^sse_process_ends_total 2$/m);
			// The counts of dead processes are kept.
			expect(body).toMatch(/^sse_frames_total 4$/m);
		},
	);

	it("leaves no process behind when it is killed, and none where its port is taken", async (t) => {
		const port = await freePort();
		const env = { ...fixture.onRedis, PORT: String(port) };
		const { hub, scene } = await started(t, env);
		expect(hub.broker).toBe("redis");
		const stream = await scene.openSocket(streamUrl(hub, scene.channel));
		await stream.comment();
		// Each process has its own connection to Redis.
		await publish(hub, { data: 1, channel: scene.channel });
		expect(await stream.event()).toMatchObject({ data: "1" });

		const second = await runToEnd(name, launched({ ...several, ...env }));
		expect(second).toMatchObject({
			code: 1,
			output: expect.stringMatching(/^edge-sse: PORT \d+ is taken by another program[^\n]*\n$/),
		});
		const children = childrenOf(hub.pid);
		expect(children).toHaveLength(2);
		// It does not read what its children send: their connection ends with an error then.
		process.kill(hub.pid, "SIGSTOP");
		for (const { pid } of children) process.kill(pid, "SIGTERM");
		await until(() => children.every(({ pid }) => hasTaken(pid, "SIGTERM")), { what: "signals" });
		process.kill(hub.pid, "SIGKILL");
		await until(() => !children.some(({ pid }) => lives(pid)), { what: "the end of all" });
		await stream.end();
	});

	it("refuses settings that several processes do not support, with a message", async (t) => {
		fixture.scene(t);
		const env = { SSE_PRESENCE: "true", SSE_JWT_SECRET: "0123456789abcdef0123456789abcdef" };
		const { code, output } = await runToEnd(name, launched({ ...several, ...env }));
		expect({ code, output }).toMatchObject({
			code: 1,
			output: expect.stringMatching(/^edge-sse: SSE_PRESENCE: [^\n]*SSE_REDIS_URL[^\n]*\n$/),
		});
		if (name !== "deno") return;
		const refused = await runToEnd(name, { env: several });
		expect(refused).toMatchObject({
			code: 1,
			output: expect.stringMatching(/^edge-sse: SSE_PROCESSES: [^\n]*--allow-run[^\n]*\n$/),
		});
	});
}
