import { expect, onTestFinished, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../src/exports.ts";

function setUp() {
	const errors: unknown[] = [];
	const connector = memory({ history: {} });
	const sse = new ServerSentEvents({ connector, onError: (error) => errors.push(error) });
	onTestFinished(() => sse.close());
	return { sse, errors };
}

test.each([
	[null, "Cannot read: the options must be an object."],
	[{ lastEventId: "1-1" }, "Cannot read. lastEventId: unknown option. Write after."],
	[{ limti: 5 }, "Did you mean limit?"],
])("history(): %j is refused", async (query, says) => {
	await expect(setUp().sse.history("a", query as never)).rejects.toThrow(says);
});

test.each([
	[null, "Cannot listen: the options must be an object."],
	[{ after: "1-1" }, "Cannot listen. after: unknown option. Write lastEventId."],
	[{ lastEventID: "1-1" }, "Did you mean lastEventId?"],
	[{ lastEventId: 5 }, "Cannot listen. lastEventId: must be a string."],
])("messages(): %j is refused", (options, says) => {
	const { sse } = setUp();
	expect(() => sse.messages("a", options as never)).toThrow(says);
});

test("a filter cannot change a message, and its attempt is reported", async () => {
	const { sse, errors } = setUp();
	await sse.publish("text", { channel: "a", type: "kind" });
	const filter = (message: object) => {
		Object.assign(message, { type: "another" });
		return true;
	};
	const read = async (options: object) => {
		const request = new Request("http://localhost/?lastEventId=0");
		const response = await sse.stream(request, { channel: "a", ...options });
		const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
		let text = "";
		while (!text.includes("id:")) text += (await reader?.read())?.value ?? "id:";
		await reader?.cancel();
		return text;
	};
	expect(await read({ filter })).not.toContain("event:");
	expect(errors).toEqual([expect.any(TypeError)]);
	expect(await read({})).toContain("event:kind");
});
