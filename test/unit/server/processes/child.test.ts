import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { Child } from "../../../../src/server/processes/child.ts";

test("a child's request that the parent cannot carry out is logged", async () => {
	const log = vi.spyOn(console, "error").mockReturnValue();
	onTestFinished(() => log.mockRestore());
	const process = new EventEmitter();
	const give = () => {
		throw new Error("No such place.");
	};
	const child = new Child(1, process as unknown as ChildProcess, () => ({ give }));
	process.emit("message", { what: "give", value: 1 });
	await expect.poll(() => log.mock.calls.join()).toContain("No such place.");
	const failed = expect(child.ready).rejects.toThrow("could not start");
	process.emit("exit", 0, null);
	await failed;
});
