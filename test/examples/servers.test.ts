import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { type Server, startProgram } from "../support/server.ts";
import { command } from "./readme.ts";
import { useUpstash } from "./upstash.ts";
import { wranglerDev } from "./wrangler.ts";

/** The examples whose host runs here, started as their README says. */

const upstash = useUpstash();

interface Example {
	/** Variables that the README asks for. */
	env?: () => Record<string, string>;
	/** Whether a route chooses the channel, `/rooms/:room`. */
	rooms?: boolean;
}

const servers: Record<string, Example> = {
	node: {},
	express: { rooms: true },
	fastify: {},
	hono: { rooms: true },
	h3: {},
	bun: {},
	deno: {},
	"deno-deploy": { env: () => upstash.env },
	"cloudflare-durable-object": {},
	"cloudflare-upstash": { env: () => upstash.env },
};

describe.each(Object.entries(servers))("%s", (name, { env = () => ({}), rooms = false }) => {
	let server: Server;
	beforeAll(async () => {
		server = await start(name, env());
	});
	afterAll(() => server?.kill());

	test("streams what its route publishes, and answers a 404 on other paths", async () => {
		const streams = await Promise.all([
			openStream(`${server.url}/stream`),
			openStream(`${server.url}/stream?channel=other`),
		]);
		for (const stream of streams) {
			expect(stream.status).toBe(200);
			expect(stream.headers.get("content-type")).toBe("text/event-stream");
			await stream.comment();
		}
		const [heard, other] = streams;
		expect(await call(`${server.url}/hello`, { method: "POST" })).toMatchObject({
			status: 200,
			body: "Message sent!\n",
		});
		const greeting = { event: "greeting", data: '{"message":"Hello!"}' };
		expect(await heard?.event()).toMatchObject(greeting);
		expect(other?.events).toEqual([]);
		for (const stream of streams) stream.close();
		expect((await call(`${server.url}/nothing`)).status).toBe(404);
		expect((await call(`${server.url}/hello`)).status).toBeGreaterThanOrEqual(400);
	});

	if (rooms) {
		test("streams only the channel of its route", async () => {
			const stream = await openStream(`${server.url}/rooms/7?channel=sse`);
			await stream.comment();
			for (const path of ["hello", "rooms/8", "rooms/7"]) {
				expect((await call(`${server.url}/${path}`, { method: "POST" })).status).toBe(200);
			}
			expect(await stream.event()).toMatchObject({ data: '{"message":"Hello, room!"}' });
			expect(stream.events).toHaveLength(1);
			stream.close();
		});
	}
});

test("node: SIGTERM ends the streams and then the process", async () => {
	const server = await start("node", {});
	onTestFinished(() => server.kill());
	const stream = await openStream(`${server.url}/stream`);
	await stream.comment();
	expect(await server.stop("SIGTERM")).toBe(0);
	await stream.end();
	expect(stream).toMatchObject({ state: "ended", retries: [expect.any(Number)] });
});

async function start(name: string, env: Record<string, string>): Promise<Server> {
	const words = command(name);
	if (words[0] === "wrangler") return wranglerDev(words, env);
	return startProgram(words, {
		announces: /Listening on:? (http:\S+)/i,
		// Deno Deploy sets the address itself. Deno reads it from this variable.
		env: { DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0", PORT: String(await freePort()), ...env },
	});
}
