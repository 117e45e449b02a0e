import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/wait.ts";
import { startWorker, type Worker } from "../support/worker.ts";
import { reloading } from "./runs-kit.ts";

let worker: Worker;
beforeAll(async () => {
	worker = await startWorker({
		entry: "test/connectors/fixtures/runs-worker.ts",
		objects: { SSE: "SseChannel" },
	});
});
afterAll(() => worker.kill());

const post = async (path: string) =>
	(await fetch(`${worker.url}${path}`, { method: "POST" })).json();

/** A reader outside, which knows only the Worker's routes. */
const reader = {
	stream: (request: Request, id: string) =>
		fetch(`${worker.url}/?id=${id}`, { headers: request.headers }),
};

test("readers that reload at random chunks all see the same text and the end", async () => {
	const id = crypto.randomUUID();
	const reading = Promise.all(
		Array.from({ length: 100 }, (_, seed) => reloading([reader], id, seed + 1)),
	);
	expect(await post(`/start?id=${id}&words=300`)).toBe("producer");
	expect(await post(`/start?id=${id}&words=300`)).toBe("reader");
	const text = Array.from({ length: 300 }, (_, n) => `word${n} `).join("");
	for (const each of await reading) expect(each).toEqual({ text, end: "done" });
});

test("a cancel in another request reaches a silent producer", async () => {
	const id = crypto.randomUUID();
	const reading = reloading([reader], id, 1);
	await post(`/start?id=${id}&words=1`);
	const said = async () => (await post(`/status?id=${id}`))?.messages === 1;
	await until(said, { what: "the only word" });
	expect(await post(`/cancel?id=${id}`)).toBe(true);
	expect(await reading).toEqual({ text: "word0 ", end: "cancelled" });
});
