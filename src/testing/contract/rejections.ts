import { delay } from "../wait.ts";
import * as assert from "./assert.ts";

/** The part of Node's `process` that is used here. Bun, Deno and Workers have it, too. */
interface Process {
	on(event: "unhandledRejection", listener: (reason: unknown) => void): unknown;
	off(event: "unhandledRejection", listener: (reason: unknown) => void): unknown;
}

/** Fails when a promise was rejected during the work and nothing handled it. */
export async function watchRejections(work: () => Promise<void>): Promise<void> {
	const { process } = globalThis as { process?: Process };
	assert.ok(process, "without `process` there is no hearing of rejections");
	const unhandled: unknown[] = [];
	const note = (reason: unknown) => {
		unhandled.push(reason);
	};
	process.on("unhandledRejection", note);
	try {
		await work();
		// The host reports a rejection after the turn in which it happened.
		for (let turn = 0; turn < 3; turn++) await delay(0);
	} finally {
		process.off("unhandledRejection", note);
	}
	assert.deepEqual(unhandled, [], "unhandled rejections");
}
