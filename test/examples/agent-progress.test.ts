import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openBrowser, openPage } from "../browser/support.ts";
import { type EventStream, openStream } from "../support/event-stream.ts";
import { call, json } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Server, startProgram } from "../support/server.ts";
import { until } from "../support/wait.ts";
import { blocks, command, readme } from "./readme.ts";

/** A job and its viewers, each a process of its own, on a real Redis. */

let redis: RedisServer;
let viewers: Server[];
let browser: Browser;
beforeAll(async () => {
	[redis, browser] = await Promise.all([startRedis(), openBrowser()]);
	viewers = await Promise.all([startViewer(), startViewer()]);
});
afterAll(async () => {
	await Promise.all((viewers ?? []).map((viewer) => viewer.kill()));
	await browser?.close();
	await redis?.stop();
});

async function startViewer(): Promise<Server> {
	return startProgram(command("agent-progress"), {
		announces: /Listening on (http:\S+)/,
		env: { SSE_REDIS_URL: redis.url, PORT: String(await freePort()) },
	});
}

/** A pause that outlasts every test, so that the job runs until it is ended. */
const endless = 600_000;

/** Starts the job as its README says, with steps of `pause` ms. Its output has the id. */
async function startJob(pause: number): Promise<Server & { id: string }> {
	const [, line = ""] = blocks(readme("agent-progress"), "sh");
	const [program = ""] = line.replace("npx ", "").split(" #");
	const job = await startProgram(program.trim().split(" "), {
		announces: /Watch it: (http:\S+)/,
		env: { SSE_REDIS_URL: redis.url, STEP_MS: String(pause) },
	});
	onTestFinished(() => job.kill());
	const [id = ""] = /[\da-f-]{36}/.exec(job.output) ?? [];
	expect(id).not.toBe("");
	return Object.assign(job, { id });
}

/** Opens a stream of the job from each viewer. */
async function watch(id: string): Promise<EventStream[]> {
	const streams = await Promise.all(viewers.map(({ url }) => openStream(`${url}/${id}/events`)));
	onTestFinished(() => {
		for (const stream of streams) stream.close();
	});
	return streams;
}

const isEnd = ({ event }: { event?: string | undefined }) => event === "sse.end";

/** What the stream says about the job's end. */
async function endOf(stream: EventStream): Promise<unknown> {
	const { data } = await stream.first(isEnd, "the end");
	await stream.end();
	return JSON.parse(data);
}

const stepsOf = ({ events }: EventStream) =>
	events.filter((event) => !isEnd(event)).map(({ data }) => JSON.parse(data).step);

test("viewers in two processes see every step and the end, whenever they connect", async () => {
	const { id } = await startJob(500);
	const [first, second] = await watch(id);
	await second?.event(3);
	const late = await watch(id);
	for (const stream of [first, second, ...late]) {
		expect(stream && (await endOf(stream))).toEqual({ status: "done" });
		expect(stream && stepsOf(stream)).toEqual([
			...["Reads the question", "Searches", "Reads 3 pages", "Thinks", "Writes", "Checks"],
			"Has an answer",
		]);
	}
	// A client that has the end is not sent it again.
	const cursor = first?.events.at(-1)?.id ?? "";
	const again = await call(`${viewers[1]?.url}/${id}/events`, {
		headers: { "last-event-id": cursor },
	});
	expect(again.status).toBe(204);
});

test("a killed job is lost, and viewers hear of it at once or when they connect", async () => {
	const job = await startJob(endless);
	const { page, complaints } = await openPage(browser);
	onTestFinished(() => page.context().close());
	await page.goto(`${viewers[0]?.url}/${job.id}`);
	await page.getByText("Reads the question").waitFor();
	const streams = await watch(job.id);
	for (const stream of streams) await stream.event(1);
	await job.kill();
	for (const stream of streams) expect(await endOf(stream)).toEqual({ status: "lost" });
	await page.getByText("lost", { exact: true }).waitFor();
	const steps = await page.getByRole("listitem").allTextContents();
	for (const stream of [...streams, ...(await watch(job.id))]) {
		expect(await endOf(stream)).toEqual({ status: "lost" });
		expect(stepsOf(stream)).toEqual(steps);
	}
	expect(steps).toEqual(["Reads the question"]);
	expect(complaints).toEqual([]);
});

test("the stop button of one viewer's page ends the job and the other viewer's stream", async () => {
	const job = await startJob(endless);
	const [, stream] = await watch(job.id);
	const { page } = await openPage(browser);
	onTestFinished(() => page.context().close());
	await page.goto(`${viewers[0]?.url}/${job.id}`);
	await page.getByText("Reads the question").waitFor();
	await page.getByRole("button").click();
	await page.getByText("cancelled", { exact: true }).waitFor();
	const end = { status: "cancelled", reason: "stopped by a viewer" };
	expect(stream && (await endOf(stream))).toEqual(end);
	await until(() => job.output.includes("status: 'cancelled'"), { what: "the job's last words" });
	const stop = await call(`${viewers[1]?.url}/${job.id}/stop`, { method: "POST" });
	expect([stop.status, json(stop)]).toEqual([200, { status: "cancelled" }]);
	await page.goto(`${viewers[0]?.url}/guessed`);
	await page.getByText("There is no such job.").waitFor();
});
