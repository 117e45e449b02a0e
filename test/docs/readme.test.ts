import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installed, install, libraries } from "../package/installed.ts";
import { call } from "../support/hub-client.ts";
import { replaced, shell, start, written } from "../support/programs.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/wait.ts";
import { page, withClass } from "./preambles.ts";
import { snippet } from "./snippets.ts";

/** Runs the snippets of the first documents unchanged, where the package is installed. */

const readme = (text: string) => snippet("README.md", text);
const reference = (text: string) => snippet("docs/reference.md", text);
const history = (text: string) => snippet("docs/history.md", text);

let installed: Installed;
let redis: RedisServer;
beforeAll(async () => {
	installed = await install([...libraries, "hono", "zod", "eventsource"]);
	redis = await startRedis();
});
afterAll(async () => {
	await redis.stop();
	await installed.remove();
});

async function listening(channel: string): Promise<void> {
	await until(async () => (await redis.numsub(channel)) > 0, {
		what: `a subscription to ${channel}`,
	});
}

test("README.md: the app streams to the page what is published", async (t) => {
	const file = await written(installed.folder, readme('app.mount("/stream"'));
	const host = await startServer("bun", {
		program: [file],
		env: { SSE_REDIS_URL: redis.url, SSE_BROKER_TIMEOUT: "20000" },
	});
	t.onTestFinished(() => host.kill());
	const { code } = readme('addEventListener("greeting"');
	const visitor = await start(installed.folder, { before: page, code, env: { PAGE: host.url } });
	await listening("sse");
	const answer = await call(`${host.url}/hello`, { method: "POST" });
	expect(answer).toMatchObject({ status: 200, body: "Message sent!" });
	await visitor.says("Hello!");
});

test("reference.md: the program publishes, listens and ends", async () => {
	const program = await start(installed.folder, {
		before: `import { Hono } from "hono";
			const app = new Hono();
			const leave = new AbortController();
			const { signal } = leave;
			process.once("SIGTERM", () => leave.abort());`,
		code: replaced(reference("users.social").code, "redis://localhost:6379", redis.url),
		after: 'console.log("ended");',
	});
	await listening("users.social");
	await redis.command("PUBLISH", "users.social", '{"data": "from Flask"}');
	await program.says("from Flask");
	program.signal("SIGTERM");
	expect([await program.ended(), program.output]).toEqual([0, "from Flask\nended\n"]);
});

test("reference.md: invalid data is refused with the validator's issues", async () => {
	const { code } = reference("events: { greeting");
	const withInput = (input: string) => {
		const before = `${withClass}import { z } from "zod";\nconst input = ${input};`;
		return start(installed.folder, { before, code, after: 'console.log("published");' });
	};
	const [good, bad] = await Promise.all([withInput('{ message: "a" }'), withInput("{}")]);
	expect([await good.ended(), good.output]).toEqual([0, "published\n"]);
	expect(await bad.ended()).toBe(1);
	expect(bad.output).toMatch(/ValidationError: Cannot publish\. data\.message: .*issues/s);
});

test("history.md: a publish has an id, and published messages can be read", async () => {
	const program = await start(installed.folder, {
		before: `import { ServerSentEvents } from "edge-sse";
			import { redis } from "edge-sse/redis";
			const url = process.env.URL;`,
		code: history("maxAge: 86_400_000").code,
		after: `for await (const { data, id } of sse.messages("sse", { lastEventId: "0" })) {
				console.log(data, /^\\d+-\\d+$/.test(id));
				break;
			}
			await sse.close();`,
		env: { URL: redis.url },
	});
	expect([await program.ended(), program.output]).toEqual([0, "hello true\n"]);
});

test("history.md: a page that hears of a gap reloads", async (t) => {
	const hub = await startServer("node", { env: { SSE_HISTORY_LENGTH: "5" } });
	t.onTestFinished(() => hub.kill());
	const visitor = await start(installed.folder, {
		before: `${page} globalThis.location = { reload: () => console.log("reloaded") };`,
		code: history("does not reach back to there").code,
		env: { PAGE: hub.url, QUERY: "?lastEventId=1-1" },
	});
	await visitor.says("reloaded");
});

test("README.md: curl publishes through the hub, and another curl hears it", async (t) => {
	const token = "one's own token";
	const hub = await startServer("node", { env: { SSE_PUBLISH_TOKEN: token } });
	t.onTestFinished(() => hub.kill());
	const [listen = ""] = /curl -N \S+/.exec(readme("npm ci && npm start").code) ?? [];
	const listener = shell(replaced(listen, "http://127.0.0.1:8787", hub.url));
	await listener.says(":");
	const line = replaced(readme("/publish").code, "http://127.0.0.1:8787", hub.url);
	const publish = shell(line, { SSE_PUBLISH_TOKEN: token });
	expect([await publish.ended(), publish.output]).toEqual([
		0,
		expect.stringMatching(/\{"receivers":1\}$/),
	]);
	await listener.says('event:greeting\ndata:{"message": "Hello!"}\n\n');
});
