import { expect, it } from "vitest";
import { call, health, json, streamUrl } from "../../support/hub-client.ts";
import { type Fixture, type HubBroker, heldByWorker } from "../fixture.ts";

const ours = {
	"content-type": "text/event-stream",
	"cache-control": "no-cache, no-transform",
	"x-accel-buffering": "no",
};

/** Heads, methods, refusals: the answers before and besides the events. */
export function http(fixture: Fixture, broker: HubBroker): void {
	it("has the headers of an event stream, and no others of its own", async (t) => {
		const scene = fixture.scene(t);
		const stream = await scene.openSocket(streamUrl(fixture.hub(broker), scene.channel));
		expect(stream.status).toBe(200);
		const names = stream.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
		expect(names.toSorted()).toEqual(
			[...Object.keys(ours), ...fixture.runtime.hostHeaders].toSorted(),
		);
		for (const [name, value] of Object.entries(ours)) expect(stream.headers.get(name)).toBe(value);
	});

	it("sends a comment at once, with nothing published", async (t) => {
		const scene = fixture.scene(t);
		const stream = await scene.open(streamUrl(fixture.hub(broker), scene.channel));
		await stream.comment();
		expect(stream.text).toBe(":\n\n");
		expect(stream.state).toBe("open");
	});

	it("answers HEAD with the same head and no body", async (t) => {
		const scene = fixture.scene(t);
		const url = streamUrl(fixture.hub(broker), scene.channel);
		const stream = await scene.openSocket(url, { method: "HEAD" });
		await stream.end();
		expect(stream).toMatchObject({ status: 200, state: "ended", text: "" });
		for (const [name, value] of Object.entries(ours)) expect(stream.headers.get(name)).toBe(value);
	});

	it.for(["POST", "PUT", "PATCH", "DELETE"])("refuses to stream to %s: 405", async (method, t) => {
		const scene = fixture.scene(t);
		const response = await call(streamUrl(fixture.hub(broker), scene.channel), { method });
		expect(response.status).toBe(405);
		expect(response.headers.get("allow")).toBe("GET, HEAD");
		expect(json(response)).toEqual({ error: expect.stringContaining("GET") });
	});

	it.for(["/nothing", "/stream/deeper", "/publish/", "/%00"])(
		"knows no %s: 404",
		async (path, t) => {
			fixture.scene(t);
			const response = await call(fixture.hub(broker).url + path);
			expect(response.status).toBe(404);
			expect(json(response)).toEqual({ error: "Not found." });
		},
	);

	it("refuses a channel name that is too long, and takes the longest", async (t) => {
		const scene = fixture.scene(t);
		const longest = scene.channel.padEnd(512, "x");
		const refused = await call(streamUrl(fixture.hub(broker), `${longest}x`));
		expect(refused.status).toBe(400);
		expect(json(refused)).toEqual({
			error: "channel: a name has at most 512 characters, got 513.",
		});
		const stream = await scene.open(streamUrl(fixture.hub(broker), longest));
		await stream.comment();
	});

	it("refuses too many channels on one connection, and takes the most", async (t) => {
		const scene = fixture.scene(t);
		const names = Array.from({ length: 33 }, (_, i) => `${scene.channel}.${i}`);
		const refused = await call(streamUrl(fixture.hub(broker), ...names));
		expect(refused.status).toBe(400);
		expect(json(refused)).toEqual({
			error: "channel: at most 32 on one connection, got 33.",
		});
		const most = names.slice(0, 32);
		const stream = await scene.open(streamUrl(fixture.hub(broker), ...most));
		await stream.comment();
	});

	it("serves its page under a policy that allows nothing foreign", async (t) => {
		fixture.scene(t);
		const response = await call(`${fixture.hub(broker).url}/`);
		expect(response.status).toBe(200);
		expect(response.headers.get("content-type")).toMatch(/^text\/html/);
		const policy = response.headers.get("content-security-policy") ?? "";
		expect(policy).toContain("default-src 'none'");
		const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
		expect(nonce).toBeTruthy();
		const html = response.body;
		expect(html).toMatch(/^<!doctype html>/i);
		const nonces = [...html.matchAll(/<(?:script|style)[^>]*nonce="([^"]+)"/g)];
		expect(nonces.length).toBeGreaterThan(0);
		expect(new Set(nonces.map((match) => match[1]))).toEqual(new Set([nonce]));
	});

	it("reports its health as JSON", async (t) => {
		fixture.scene(t);
		const connector = fixture.brokerName(broker);
		// The Worker cannot count streams that a Durable Object makes.
		const counts =
			connector === "durable-object" && broker !== heldByWorker
				? {}
				: { connections: expect.any(Number), channels: expect.any(Number) };
		expect(await health(fixture.hub(broker))).toEqual({ status: "ok", connector, ...counts });
	});
}
