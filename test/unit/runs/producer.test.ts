import { expect, test } from "vitest";
import { setUp } from "./kit.ts";

test("a stream that fails is reported once", async () => {
	const { runs, errors } = setUp();
	const stream = new ReadableStream({
		start: (controller) => controller.enqueue("one"),
		pull: (controller) => controller.error(new Error("secret")),
	});
	const { done } = await runs.start("a", () => stream);
	expect(await done).toEqual({ status: "error" });
	// What else there may be comes by then.
	await new Promise((resolve) => setTimeout(resolve, 10));
	expect(errors).toEqual([new Error("secret")]);
});
