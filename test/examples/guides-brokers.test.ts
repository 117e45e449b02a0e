import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { pythonPath } from "../../scripts/tools.ts";
import { openBrowser, openPage } from "../browser/support.ts";
import { openStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { startPostgres } from "../support/postgres.ts";
import { startRedis } from "../support/redis-server.ts";
import { root, startProgram } from "../support/server.ts";
import { later, until } from "../support/wait.ts";
import { command } from "./readme.ts";

/** The guides' programs that need another server: a database or a Flask app. */

let browser: Browser;
beforeAll(async () => {
	browser = await openBrowser();
});
afterAll(() => browser?.close());

async function started(words: readonly string[], env: Record<string, string>, listens: RegExp) {
	const server = await startProgram(words, {
		announces: listens,
		env: { PORT: String(await freePort()), ...env },
	});
	onTestFinished(() => server.kill());
	return server;
}

async function opened(url: string) {
	const stream = await openStream(url);
	onTestFinished(() => stream.close());
	expect(stream.status).toBe(200);
	await stream.comment();
	return stream;
}

const onNode = /Listening on (http:\S+)/;

test("dashboard: the page shows what is written to the database, also after its connection was lost", async () => {
	const postgres = await startPostgres();
	onTestFinished(() => postgres.stop());
	const words = command("dashboard");
	const server = await started(words, { DATABASE_URL: postgres.url }, onNode);
	const order = (product: string, amount: number) =>
		postgres.sql(`INSERT INTO orders (product, amount) VALUES ('${product}', ${amount})`);
	await order("tea", 3);

	const stream = await opened(`${server.url}/totals`);
	const totals = () => JSON.parse(stream.events.at(-1)?.data ?? "[]");
	const shows = (rows: object[]) =>
		stream.when(() => JSON.stringify(totals()) === JSON.stringify(rows), JSON.stringify(rows));
	await shows([{ product: "tea", orders: 1, amount: 3 }]);
	const { page, complaints } = await openPage(browser);
	onTestFinished(() => page.context().close());
	await page.goto(server.url);
	await page.getByText("tea").waitFor();

	await until(() => server.output.includes("Listening to the database"), { what: "LISTEN" });
	await order("coffee", 5);
	await shows([
		{ product: "coffee", orders: 1, amount: 5 },
		{ product: "tea", orders: 1, amount: 3 },
	]);
	await page.getByText("coffee").waitFor();

	await postgres.dropConnections();
	await until(() => server.output.includes("The database was lost"), { what: "the loss" });
	await order("water", 1);
	await page.getByText("water").waitFor();
	await postgres.sql("TRUNCATE orders");
	await shows([]);
	expect(complaints).toEqual([]);
});

test("from-flask-sse: Flask and edge-sse on one Redis stream what the other publishes", async () => {
	const redis = await startRedis();
	onTestFinished(() => redis.stop());
	const env = { SSE_REDIS_URL: redis.url, PYTHONDONTWRITEBYTECODE: "1" };
	const folder = join(root, "examples/from-flask-sse");
	const flask = await started(
		[pythonPath(), "-m", "flask", "--app", join(folder, "app.py"), "run", "--port", "0"],
		// A stand-in for the Python package, which Debian does not have.
		{ ...env, PYTHONPATH: join(root, "test/examples/hosts") },
		/Running on (http:\S+)/,
	);
	const server = await started(command("from-flask-sse"), env, onNode);

	// The first use loads the client library. On a busy machine that may take longer than the broker's timeout.
	const hello = () => call(`${server.url}/hello`, { method: "POST" });
	await until(async () => (await hello()).status === 200, { what: "a first publish" });
	const ours = await opened(`${server.url}/stream`);
	const theirs = later(openStream(`${flask.url}/stream`));
	await until(async () => (await redis.numsub("sse")) === 2, { what: "both subscriptions" });
	const publishers: [string, string][] = [
		["Flask", flask.url],
		["edge-sse", server.url],
	];
	for (const [n, [name, url]] of publishers.entries()) {
		expect((await call(`${url}/hello`, { method: "POST" })).body).toBe("Message sent!\n");
		for (const stream of [ours, await theirs]) {
			const event = await stream.event(n + 1);
			expect(event.event).toBe("greeting");
			expect(JSON.parse(event.data)).toEqual({ message: `Hello from ${name}!` });
		}
	}
	(await theirs).close();
});
