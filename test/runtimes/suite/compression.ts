import { execFile } from "node:child_process";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { call, json, publish, streamUrl } from "../../support/hub-client.ts";
import { root, type Server } from "../../support/server.ts";
import { later, until } from "../../support/wait.ts";
import type { Fixture } from "../fixture.ts";

const run = promisify(execFile);
const bin = (name: string) => join(root, "node_modules/.bin", name);
const reader = join(root, "test/runtimes/fixtures/read-stream.mjs");

/** Programs that read a stream to its end. Each asks for gzip by itself. */
const readers: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
	["Node's fetch", bin("node"), reader],
	["Bun's fetch", bin("bun"), reader],
	["Deno's fetch", bin("deno"), "run", "--allow-net", "--allow-read", reader],
	["curl", "curl", "-sSN", "--compressed"],
];

/** Streams that are compressed. */
export function compression(fixture: Fixture): void {
	const { name } = fixture.runtime;
	if (name === "workers") {
		it("is refused on Workers, with the reason", async (t) => {
			const hub = await fixture.scene(t).hub({ ...fixture.onRedis, SSE_COMPRESS: "true" });
			const answer = await call(streamUrl(hub, "a"));
			expect(answer.status).toBe(503);
			expect(json(answer)).toEqual({
				error: expect.stringContaining("SSE_COMPRESS: not on Workers"),
			});
		});
		return;
	}

	it("brings each of many clients the same stream, in fewer bytes", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({
			SSE_COMPRESS: "true",
			SSE_DRAIN: "200",
			SSE_HISTORY_LENGTH: "99",
		});
		const crowd = await Promise.all(
			Array.from({ length: 40 }, () => gzipped(streamUrl(hub, channel))),
		);
		for (const { headers } of crowd) {
			expect(headers).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
		}
		const bodies = crowd.map((response) => buffer(response));
		const plain = await scene.openSocket(streamUrl(hub, channel));
		await plain.comment();
		expect(plain.headers.get("content-encoding")).toBeNull();
		for (let n = 0; n < 60; n++) {
			await publish(hub, { data: { n, text: "all is well with this order ".repeat(8) }, channel });
		}
		await plain.event(60);
		await hub.stop();
		const coded = await Promise.all(bodies);
		const eventsOf = (text: string) =>
			text.split("\n\n").filter((frame) => frame.startsWith("data:"));
		for (const bytes of coded) {
			expect(eventsOf(gunzipSync(bytes).toString())).toEqual(eventsOf(plain.text));
		}
		const most = Math.max(...coded.map(({ length }) => length)) / plain.text.length;
		// Deno's zlib has no dictionaries: each chunk is compressed by itself.
		expect(most).toBeLessThan(name === "deno" ? 0.6 : 0.3);
	});

	it.for(readers)("is read by %s to a clean end", async ([, command, ...args], t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({ SSE_COMPRESS: "true", SSE_DRAIN: "200" });
		const reading = later(run(command, [...args, streamUrl(hub, channel)]));
		await opened(hub);
		await publish(hub, { data: "hello", channel });
		await hub.stop();
		const { stdout } = await reading;
		const text = stdout.startsWith("{") ? JSON.parse(stdout).text : stdout;
		expect(text).toMatch(/^:\n\ndata:hello\n\nretry:\d+\n\n$/);
		if (stdout.startsWith("{")) expect(JSON.parse(stdout).end).toBe("clean");
	});

	it("is read by an EventSource, which comes back after the end", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({ SSE_COMPRESS: "true", SSE_MAX_DURATION: "1500" });
		const source = scene.eventSource(streamUrl(hub, channel));
		let opens = 0;
		const seen: string[] = [];
		source.addEventListener("open", () => opens++);
		source.addEventListener("message", ({ data }) => seen.push(data));
		for (const n of [1, 2]) {
			await until(() => opens === n, { what: `opening ${n}` });
			await publish(hub, { data: String(n), channel });
			await until(() => seen.length === n, { what: `message ${n}` });
		}
		expect(seen).toEqual(["1", "2"]);
	});
}

function gzipped(url: string): Promise<IncomingMessage> {
	const headers = { "accept-encoding": "gzip" };
	return new Promise((resolve, reject) => {
		request(url, { headers, agent: false }).once("response", resolve).once("error", reject).end();
	});
}

/** Until the hub has a stream. */
async function opened(hub: Server): Promise<void> {
	const connections = async () =>
		json<{ connections: number }>(await call(`${hub.url}/readyz`)).connections;
	await until(async () => (await connections()) === 1, { what: "a stream" });
}
