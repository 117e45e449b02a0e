import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { redis as redisConnector } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { Runs } from "../../src/runs.ts";
import { freePort } from "../support/ports.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Server, startServer } from "../support/server.ts";
import { until } from "../support/wait.ts";
import { overflow, PageScene, state } from "./page-scene.ts";
import { screenshot } from "./support.ts";

/** The hub's own page on a run, whose producer is in another process, on a real Redis. */

const scene = new PageScene();
let redis: RedisServer;
let hub: Server;
let sse: ServerSentEvents;
let runs: Runs;
beforeAll(async () => {
	redis = await startRedis();
	sse = new ServerSentEvents({ connector: redisConnector(redis.url, { history: {} }) });
	runs = new Runs(sse);
	hub = await startHub();
});
afterAll(async () => {
	await Promise.all([hub?.kill(), sse?.close()]);
	await redis?.stop();
});

async function startHub(env: Record<string, string> = {}): Promise<Server> {
	const broker = {
		SSE_REDIS_URL: redis.url,
		SSE_BROKER_TIMEOUT: "20000",
		SSE_HISTORY_LENGTH: "100",
	};
	return startServer("node", { env: { ...broker, SSE_RUNS_PREFIX: "run.", ...env } });
}

const stands = (page: Page, text: string) =>
	page.locator("#run", { hasText: new RegExp(`^Run: ${text}$`) }).waitFor();

/** The data that the page shows, oldest first. */
async function shown(page: Page): Promise<string[]> {
	return (await page.locator("#events pre").allInnerTexts()).reverse();
}

test.each([
	["done", "done"],
	["error", "failed"],
	["cancelled", "cancelled"],
] as const)(
	"a run that ends as %s is shown from its beginning to its end",
	async (status, text) => {
		const id = crypto.randomUUID();
		const { lease = "" } = await runs.start(id, {});
		await runs.append(id, "Before the page.", { lease });
		const { page, complaints } = await scene.visit(hub, `run.${id}`);
		const asked: string[] = [];
		page.on("request", (request) => asked.push(new URL(request.url()).pathname));
		await stands(page, "running");
		await runs.append(id, { percent: 50 }, { lease });
		await page.locator("#events pre", { hasText: "50" }).waitFor();
		await runs.finish(id, { lease, status, reason: "That was all." });
		await stands(page, text);
		await state(page, "closed");
		expect(await page.innerText("#state-detail")).toBe("the run is over");
		const end = `{ "status": "${status}", "reason": "That was all." }`;
		const all = ["Before the page.", '{ "percent": 50 }', end];
		expect(await shown(page)).toEqual(all);
		expect(asked.filter((path) => path === "/run")).toEqual([]);

		// Again, and once.
		await page.getByRole("button", { name: "Connect" }).click();
		await stands(page, text);
		await state(page, "closed");
		expect(await shown(page)).toEqual(all);
		expect(complaints).toEqual([]);
	},
);

test("a run whose producer is gone is lost, though nobody but the page looks at it", async () => {
	const id = crypto.randomUUID();
	const { lease = "" } = await runs.start(id, { lease: 1_000 });
	await runs.append(id, "And then", { lease });
	const { page } = await scene.visit(hub, `run.${id}`);
	await stands(page, "running");
	await stands(page, "lost");
	expect((await runs.status(id))?.status).toBe("lost");
});

test("a page that lost its hub goes on with the run where it was", async () => {
	const port = String(await freePort());
	const start = async () => {
		const server = await startHub({ PORT: port });
		onTestFinished(() => server.kill());
		return server;
	};
	const killed = await start();
	const id = crypto.randomUUID();
	const { lease = "" } = await runs.start(id, {});
	await runs.append(id, "one", { lease });
	const { page } = await scene.visit(killed, `run.${id}`);
	await page.getByText("one", { exact: true }).waitFor();
	await killed.kill();
	await state(page, "waiting");
	await runs.append(id, "two", { lease });
	await start();
	await page.getByText("two", { exact: true }).waitFor();
	await stands(page, "running");
	expect(await shown(page)).toEqual(["one", "two"]);
	await runs.finish(id, { lease });
	await stands(page, "done");
});

test("a channel that is no run's, or several, are streamed as ever, and show no state", async () => {
	const { page } = await scene.visit(hub, "running");
	expect(await page.isVisible("#run")).toBe(false);
	const { page: several } = await scene.visit(hub, "run.1,run.2");
	expect(await several.isVisible("#run")).toBe(false);
	expect(await several.innerText("#request")).toContain("/stream?channel=run.1&channel=run.2");
});

test("a run that there is not is said to be none", async () => {
	const { page } = await scene.visit(hub, "sse");
	await page.fill("#channel", "run.none");
	await page.press("#channel", "Enter");
	const detail = page.locator("#state-detail", { hasText: "There is no such run" });
	await until(() => detail.isVisible(), { what: "the refusal" });
	await state(page, "closed");
	expect(await page.isVisible("#run")).toBe(false);
});

test("it fits on a phone, whatever the reason of the end", async () => {
	const id = crypto.randomUUID();
	const { lease = "" } = await runs.start(id, {});
	await runs.append(id, "That is what there is to say.", { lease });
	const options = { viewport: { width: 390, height: 844 }, isMobile: true };
	const { page } = await scene.visit(hub, `run.${id}`, options);
	const reason = "The model took no more words, and nobody knows why. ".repeat(19);
	await runs.finish(id, { lease, status: "error", reason });
	await page.getByText("failed", { exact: true }).waitFor();
	await page.locator("#events > *").nth(1).waitFor();
	expect(await overflow(page)).toBe(0);
	expect((await page.locator(".bar").boundingBox())?.height).toBeLessThan(120);
	await page.locator(".bar").scrollIntoViewIfNeeded();
	await screenshot(page, "page-run-phone");
});
