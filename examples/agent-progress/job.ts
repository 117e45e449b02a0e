import { setTimeout } from "node:timers/promises";
import { runs, sse } from "./runs.ts";

/** How long a step takes, in ms: long enough to open the page, reload it and press "Stop". */
const pause = Number(process.env.STEP_MS ?? 5_000);
const steps = ["Reads the question", "Searches", "Reads 3 pages", "Thinks", "Writes", "Checks"];

/** The work. What it yields, all viewers see; where it waits, yours does something. */
async function* work(signal: AbortSignal) {
	for (const [n, step] of steps.entries()) {
		yield { step, percent: Math.round((100 * n) / steps.length) };
		await setTimeout(pause, undefined, { signal });
	}
	yield { step: "Has an answer", percent: 100 };
}

const id = crypto.randomUUID(); // whoever knows it can watch
const { done } = await runs.start(id, work);
console.log(`To kill it: kill -9 ${process.pid}`);
console.log(`Watch it: http://127.0.0.1:${process.env.PORT ?? 8787}/${id}`);
console.log("The end:", await done);
await sse.close();
