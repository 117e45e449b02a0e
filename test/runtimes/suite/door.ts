import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { call, post, publish, streamUrl } from "../../support/hub-client.ts";
import { breakOff, rawRequest } from "../../support/raw-request.ts";
import { startWorker } from "../../support/worker.ts";
import type { Fixture } from "../fixture.ts";

const routes = [
	...[
		"/",
		"/stream?channel=secret",
		"/run?channel=secret",
		"/publish",
		"/livez",
		"/readyz",
		"/healthz",
		"/metrics",
		"/none",
	],
];

/** Who has access at all: by the host that a request names, by its path, and to publish. */
export function door(fixture: Fixture): void {
	const { name } = fixture.runtime;
	const isWorkerd = name === "workers";

	it("makes a token on loopback, prints it, and accepts publishes with it alone", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await fixture.started("embedded");
		const [, page = "", token = ""] = /^ {2}(http\S+\/)#token=([\w-]{32})$/m.exec(hub.output) ?? [];
		expect(page).toBe(`${hub.url}/`);
		expect(hub.output.split(token)).toHaveLength(3);
		const bare = { "content-type": "text/plain" };
		const send = (headers: Record<string, string>) =>
			call(`${hub.url}/publish`, {
				method: "POST",
				headers: { ...bare, ...headers },
				body: JSON.stringify({ data: 1, channel }),
			});
		for (const headers of [
			{},
			{ host: "localhost" },
			{ host: "127.0.0.1:80", "x-forwarded-host": "localhost", "x-forwarded-for": "127.0.0.1" },
			{ origin: hub.url },
			{ authorization: "Bearer" },
			{ authorization: `Bearer ${token.slice(1)}` },
			{ authorization: `Basic ${token}` },
			{ cookie: `token=${token}` },
		]) {
			const refused = await send(headers);
			expect(refused.status, JSON.stringify(headers)).toBe(401);
			expect(refused.body).not.toContain(token);
		}
		expect((await send({ host: "events.example.com" })).status).toBe(421);
		expect((await send({ authorization: `Bearer ${token}` })).status).toBe(200);
	});

	it("prints a curl line that works as it is", async (t) => {
		const scene = fixture.scene(t);
		const hub = await fixture.started("embedded");
		const stream = await scene.open(streamUrl(hub));
		await stream.comment();
		const [line = ""] = /^ {2}curl .+$/m.exec(hub.output) ?? [];
		// Not a program of `support/programs.ts`: those end with the running test, and here several run.
		const { stdout } = await promisify(execFile)("sh", ["-c", line]);
		expect(stdout).toContain('{"receivers":');
		expect(await stream.event()).toMatchObject({
			event: "greeting",
			data: '{"message": "Hello!"}',
		});
	});

	it("lets everybody publish with SSE_PUBLISH_OPEN, except pages of other sites", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({ ...fixture.onRedis, SSE_PUBLISH_OPEN: "true" });
		expect(hub.output).not.toContain("#token=");
		if (!isWorkerd) expect(hub.output).toMatch(/SSE_PUBLISH_OPEN.*everybody/);
		expect(await publish(hub, { data: 1, channel })).toBe(0);
		expect(await publish(hub, { data: 1, channel }, { origin: hub.url })).toBe(0);
		for (const origin of ["https://example.com", "http://127.0.0.1:1", "null", "file://", "x"]) {
			const refused = await post(hub, { data: 1, channel }, { origin });
			expect(refused.status, origin).toBe(403);
			expect(refused.json.error).toContain("SSE_PUBLISH_TOKEN");
		}
	});

	it("answers 421 on every route to a host that is neither loopback nor in SSE_HOSTS", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub({
			...fixture.onRedis,
			SSE_PUBLISH_OPEN: "true",
			SSE_HOSTS: "Events.Example.com, 192.0.2.7, bücher.example",
		});
		const { port } = new URL(hub.url);
		const status = async (host: string, target = "/healthz") =>
			(await rawRequest(hub.url, `GET ${target} HTTP/1.1`, `Host: ${host}`)).status;
		const foreign = [
			...["evil.example", `evil.example:${port}`, "localhost.evil.example", "evil-localhost"],
			...[
				"127.0.0.1.nip.io",
				"128.0.0.1",
				"10.0.0.1:8787",
				"0.0.0.0",
				"[::]",
				"[::2]",
				"[fe80::1]",
			],
			...["user@localhost", "localhost@evil.example", "evil.example#localhost", "a.localhost/x"],
			...["localhost%2eevil.example", "events.example.com.evil.example", "x.events.example.com"],
			...["localhost, evil.example", "localhost:x", "[::1"],
		];
		for (const host of foreign) expect(await status(host), host).toBe(421);
		for (const route of routes) expect(await status("evil.example", route), route).toBe(421);
		const forged = ["x-forwarded-host", "forwarded", "x-host"].map(
			(field) => `${field}: localhost`,
		);
		const lines = ["GET /metrics HTTP/1.1", "Host: evil.example", ...forged];
		expect((await rawRequest(hub.url, ...lines)).status).toBe(421);
		const message = { data: 1, channel: scene.channel };
		expect((await post(hub, message, { host: "evil.example" })).status).toBe(421);

		const ours = [
			...[
				"localhost",
				"LocalHost",
				"localhost.",
				"app.localhost:1",
				"127.0.0.1",
				"127.9.9.9:65535",
			],
			...["[::1]", "[::1]:80", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]"],
			...["events.example.com", "EVENTS.EXAMPLE.COM.:8443", "192.0.2.7", "xn--bcher-kva.example"],
		];
		for (const host of ours) expect(await status(host), host).toBe(200);
	});

	it("answers to any host where it listens on more than loopback and none is named", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub({ ...fixture.onRedis, HOST: "0.0.0.0" });
		const answer = await call(`${hub.url}/healthz`, { headers: { host: "events.example.com" } });
		expect(answer.status).toBe(200);
		if (!isWorkerd) expect(hub.output).toMatch(/publishing.*off.*SSE_PUBLISH_TOKEN/);
	});

	if (isWorkerd) {
		it("answers to any host, and lets nobody publish, as a Worker without an address", async (t) => {
			const scene = fixture.scene(t);
			const hub = scene.use(
				await startWorker({ entry: "src/server/worker.ts", env: fixture.onRedis }),
			);
			for (const host of ["events.example.com", "localhost"]) {
				const headers = { host };
				expect((await call(`${hub.url}/healthz`, { headers })).status).toBe(200);
				const { status, json } = await post(hub, { data: 1 }, headers);
				expect([status, json.error]).toEqual([
					403,
					expect.stringMatching(/off.*SSE_PUBLISH_TOKEN/),
				]);
			}
		});
	}

	// workerd itself answers 400 to those.
	if (!isWorkerd) {
		it("answers HTTP/1.0 without a host", async (t) => {
			const scene = fixture.scene(t);
			const hub = await scene.hub({ ...fixture.onRedis, SSE_MAX_DURATION: "500" });
			expect(await rawRequest(hub.url, "GET /healthz HTTP/1.0")).toMatchObject({ status: 200 });
			expect(await rawRequest(hub.url, "GET / HTTP/1.0")).toMatchObject({ status: 200 });
			expect(await rawRequest(hub.url, "GET /none HTTP/1.0")).toMatchObject({ status: 404 });
			const target = `/stream?channel=${scene.channel}`;
			const stream = await rawRequest(hub.url, `GET ${target} HTTP/1.0`);
			expect(stream.status).toBe(200);
			expect(stream.body).toMatch(/^:\n\n/);
		});
	}

	it("knows no path but the literal one: 404", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub({ ...fixture.onRedis, SSE_PUBLISH_OPEN: "true" });
		const targets = [
			...["/%6Detrics", "/%70ublish", "/publish%2f", "/publish%00", "/healthz%20", "/%2e/publish"],
			...[
				"/x/../publish",
				"/./publish",
				"/x/%2e%2e/publish",
				"/publish/.",
				"/publish/",
				"//publish",
			],
			...[
				"/\\publish",
				"/x\\..\\publish",
				"/publish;x",
				"/Publish",
				"/healthz/x/..",
				"/x/..;/metrics",
			],
			...["//localhost/publish", "/..", "/stream/.?channel=x"],
		];
		for (const target of targets) {
			for (const method of ["GET", "POST"]) {
				const lines = [`${method} ${target} HTTP/1.1`, "Host: localhost", "Content-Length: 0"];
				expect((await rawRequest(hub.url, ...lines)).status, `${method} ${target}`).toBe(404);
			}
		}
		const query = "GET /healthz?x=/../y%2e&/./ HTTP/1.1";
		expect((await rawRequest(hub.url, query, "Host: localhost")).status).toBe(200);
	});

	it("ignores a body that breaks off, without a stack in its log", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub({ ...fixture.onRedis, SSE_PUBLISH_OPEN: "true" });
		for (const more of [
			"transfer-encoding: chunked\r\n\r\n9\r\n{",
			"content-length: 99\r\n\r\n{",
		]) {
			const head = "POST /publish HTTP/1.1\r\nhost: localhost\r\n";
			for (const end of ["destroy", "end", "resetAndDestroy"] as const) {
				await breakOff(hub.url, head + more, end);
			}
		}
		expect((await call(`${hub.url}/`)).status).toBe(200);
		const lines = hub.output.split("\n").filter((line) => /"level":"error"|\bat /.test(line));
		expect(lines).toEqual([]);
	});
}
