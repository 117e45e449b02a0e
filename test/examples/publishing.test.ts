import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { pythonPath } from "../../scripts/tools.ts";
import { run } from "../package/support.ts";
import { type EventStream, openStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Server, startProgram, startServer } from "../support/server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { blocks, examples, readme } from "./readme.ts";
import { wranglerDev } from "./wrangler.ts";

/** The ways to publish from elsewhere, exactly as their page has them, to a hub on a real Redis. */

const token = "publish-token";
const lines = blocks(readme("publishing"), "sh");

let redis: RedisServer;
let gateway: UpstashGateway;
let hub: Server;
beforeAll(async () => {
	redis = await startRedis();
	gateway = await startUpstashGateway({ redis: redis.url });
	hub = await startServer("node", {
		env: { SSE_REDIS_URL: redis.url, SSE_BROKER_TIMEOUT: "20000", SSE_PUBLISH_TOKEN: token },
	});
});
afterAll(async () => {
	await hub?.kill();
	await gateway?.[Symbol.asyncDispose]();
	await redis?.stop();
});

const greeting = { event: "greeting", data: '{"message": "Hello!"}' };

async function listening(): Promise<EventStream> {
	const stream = await openStream(`${hub.url}/stream`);
	onTestFinished(() => stream.close());
	await stream.comment();
	return stream;
}

/** The page's line that contains this text. */
function line(part: string): string {
	const found = lines.find((each) => each.includes(part));
	if (found === undefined) throw new Error(`publishing/README.md has no line with ${part}.`);
	return found;
}

/** Runs a script in bash, and returns its output. */
async function shell(script: string, variables: Record<string, string>): Promise<string> {
	const exports = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`);
	const { code, output } = await run("bash", ["-ec", `export ${exports.join(" ")}\n${script}`]);
	expect(code, output).toBe(0);
	return output;
}

const quoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;

test("redis-cli publishes to the hub's streams", async () => {
	const stream = await listening();
	expect(await shell(line("redis-cli"), { SSE_REDIS_URL: redis.url })).toMatch(/^[12]\n$/);
	const event = await stream.event();
	expect({ ...event, data: JSON.parse(event.data) }).toMatchObject({
		event: "greeting",
		data: { message: "Hello!" },
	});
});

test("curl publishes through the hub", async () => {
	const stream = await listening();
	const answer = await shell(line("/publish"), { HUB: hub.url, SSE_PUBLISH_TOKEN: token });
	expect(answer).toContain('"receivers":');
	expect(await stream.event()).toMatchObject(greeting);
});

test("a Flask app publishes to the hub's streams", async () => {
	const words = line("flask").split(" ");
	const port = words.indexOf("--port");
	const flask = [pythonPath(), ...words.slice(1, port), "--port", "0"];
	const app = await startProgram(flask, {
		announces: /Running on (http:\S+)/,
		env: { SSE_REDIS_URL: redis.url, PYTHONDONTWRITEBYTECODE: "1" },
	});
	onTestFinished(() => app.kill());
	const stream = await listening();
	const answer = await call(`${app.url}/hello`, { method: "POST" });
	expect(answer, app.output).toMatchObject({ status: 200, body: "Message sent!\n" });
	expect(JSON.parse((await stream.event()).data)).toEqual({ message: "Hello!" });
	expect(stream.events[0]?.event).toBe("greeting");
});

test("a cron Worker publishes to the hub's streams", async () => {
	const dev = await wranglerDev(line("wrangler").split(" && npx ").at(-1)?.split(" ") ?? [], {
		UPSTASH_REDIS_REST_URL: gateway.url,
		UPSTASH_REDIS_REST_TOKEN: gateway.token,
		SSE_BROKER_TIMEOUT: "20000",
	});
	onTestFinished(() => dev.kill());
	const stream = await listening();
	const { pathname } = new URL(line("scheduled").replace("curl ", ""));
	expect((await call(`${dev.url}${pathname}`)).status, dev.output).toBe(200);
	const event = await stream.event();
	expect(event.event).toBe("tick");
	expect(Date.parse(JSON.parse(event.data).at)).toBeGreaterThan(0);
});

test("a step of a GitHub workflow publishes through the hub, and fails with a wrong token", async () => {
	const workflow = readFileSync(join(examples, "publishing/github-action/announce.yml"), "utf8");
	const [, body = ""] = /^ +BODY: '(.+)'$/m.exec(workflow) ?? [];
	const [, script = ""] = /^ +run: \|\n(.+)$/ms.exec(workflow) ?? [];
	// GitHub replaces its expression by JSON, whatever the tag's name.
	const tag = `v1.0 "it's" $(date) \`date\``;
	const expression = /\$\{\{ toJSON\(github\.event\.release\.tag_name\) \}\}/;
	expect(body).toMatch(expression);
	const variables = { BODY: body.replace(expression, () => JSON.stringify(tag)), TOKEN: token };
	const stream = await listening();
	await shell(script, { ...variables, HUB: hub.url });
	const { event, data } = await stream.event();
	expect({ event, data: JSON.parse(data) }).toEqual({ event: "release", data: { tag } });

	const refused = ["-ec", `export TOKEN=wrong BODY='{}' HUB=${hub.url}\n${script}`];
	expect((await run("bash", refused)).code, "a wrong token fails the step").toBe(22);
});
