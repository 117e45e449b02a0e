import { afterAll, beforeAll, expect, test } from "vitest";
import { redis as redisConnector } from "../../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { Runs } from "../../../src/runs.ts";
import { freePort } from "../../support/ports.ts";
import { type RedisServer, startRedis } from "../../support/redis-server.ts";
import { type Server, startServer } from "../../support/server.ts";
import type { HubPage } from "./hub-page.ts";
import { narrow, type PageSetting } from "./page-setting.ts";

/** The hub's page on a run. The run's producer is in another process, on a real Redis. */
export function runsSuite(setting: PageSetting): void {
	let redis: RedisServer;
	let hub: Server;
	let sse: ServerSentEvents;
	let runs: Runs;
	const env = () => ({
		SSE_REDIS_URL: redis.url,
		SSE_BROKER_TIMEOUT: "20000",
		SSE_HISTORY_LENGTH: "100",
		SSE_RUNS_PREFIX: "run.",
	});
	beforeAll(async () => {
		redis = await startRedis();
		sse = new ServerSentEvents({
			connector: redisConnector(redis.url, { timeout: 20_000, history: {} }),
		});
		runs = new Runs(sse);
		hub = await startServer("node", { env: env() });
	});
	afterAll(async () => {
		await Promise.all([hub?.kill(), sse?.close()]);
		await redis?.stop();
	});

	const runIs = (page: HubPage, text: string) =>
		page.until(`document.querySelector("#run").innerText === "Run: ${text}"`, `run ${text}`);
	/** The data that the page shows, oldest first. */
	const shown = async (page: HubPage) => (await page.texts("#events pre")).reverse();

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
			const page = await setting.visit(hub, `run.${id}`);
			await runIs(page, "running");
			await runs.append(id, { percent: 50 }, { lease });
			await page.shows("#events pre", "50");
			await runs.finish(id, { lease, status, reason: "That was all." });
			await runIs(page, text);
			await page.state("closed");
			expect(await page.text("#state-detail")).toBe("the run is over");
			const end = `{ "status": "${status}", "reason": "That was all." }`;
			const all = ["Before the page.", '{ "percent": 50 }', end];
			await page.becomes(() => shown(page), all);

			// After a reconnect the page shows the run again, and once.
			await page.click("#toggle");
			await page.until(`performance.getEntriesByType("resource")
				.filter(({ name }) => name.includes("/run?")).length === 2`);
			await runIs(page, text);
			await page.state("closed");
			await page.becomes(() => shown(page), all);
			expect(await page.complaints()).toEqual([]);
		},
	);

	test("a run whose producer is killed is shown as lost, with the page as the only reader", async () => {
		const id = crypto.randomUUID();
		const { lease = "" } = await runs.start(id, { lease: 1_000 });
		await runs.append(id, "And then", { lease });
		const page = await setting.visit(hub, `run.${id}`);
		await page.has("#events pre");
		await runIs(page, "lost");
		expect((await runs.status(id))?.status).toBe("lost");
	});

	test("a page that lost its hub continues the run after the last chunk", async (t) => {
		const port = String(await freePort());
		const start = () => setting.startHub(t, { ...env(), PORT: port });
		const killed = await start();
		const id = crypto.randomUUID();
		const { lease = "" } = await runs.start(id, {});
		await runs.append(id, "one", { lease });
		const page = await setting.visit(killed, `run.${id}`);
		await page.shows("#events pre", "one");
		await killed.kill();
		await page.state("waiting");
		await runs.append(id, "two", { lease });
		await start();
		await page.shows("#events pre", "two");
		await runIs(page, "running");
		await page.becomes(() => shown(page), ["one", "two"]);
		await runs.finish(id, { lease });
		await runIs(page, "done");
	});

	test("other channels, and several channels of runs, are streamed as usual, and show no run", async () => {
		const page = await setting.visit(hub, "running");
		expect(await page.isVisible("#run")).toBe(false);
		const several = await setting.visit(hub, "run.1,run.2");
		expect(await several.isVisible("#run")).toBe(false);
		expect(await several.text("#request")).toContain("/stream?channel=run.1&channel=run.2");
	});

	test("the page says that a run does not exist", async () => {
		const page = await setting.visit(hub, "sse");
		await page.fill("#channel", "run.none");
		await page.shows("#state-detail", "There is no such run");
		await page.state("closed");
		expect(await page.isVisible("#run")).toBe(false);
	});

	test("a run fits on a phone, also with a long reason of its end", async () => {
		const id = crypto.randomUUID();
		const { lease = "" } = await runs.start(id, {});
		await runs.append(id, "That is what there is to say.", { lease });
		const page = await setting.visit(hub, `run.${id}`);
		await page.tab.resize(...narrow);
		const reason = "The model took no more words, and nobody knows why. ".repeat(19);
		await runs.finish(id, { lease, status: "error", reason });
		await runIs(page, "failed");
		await page.has("#events > *", 2);
		expect(await page.overflow()).toBe(0);
		const height = 'document.querySelector(".bar").getBoundingClientRect().height';
		expect(await page.read(height)).toBeLessThan(120);
	});
}
