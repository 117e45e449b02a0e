import { expect, test } from "vitest";
import { memory } from "../../../../src/connectors/memory.ts";
import { parseCursor } from "../../../../src/core/history/cursor.ts";
import { ServerSentEvents } from "../../../../src/core/sse.ts";

/** `?sse.cursor=named`: the cursor of a single channel names it. */

/** Reads a stream until it contains the text. */
async function read(sse: ServerSentEvents, query: string, wanted: string): Promise<string> {
	const response = await sse.fetch(new Request(`http://hub.test/stream?${query}`));
	const reader = response.body?.getReader();
	const decoder = new TextDecoder();
	let text = "";
	while (!text.includes(wanted)) {
		const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
		if (done) break;
		text += decoder.decode(value, { stream: true });
	}
	await reader?.cancel();
	return text;
}

const idOf = (text: string) => [...text.matchAll(/^id:(.*)$/gm)].at(-1)?.[1] ?? "";

test("a named cursor of one channel is valid for two, before and after the first message", async () => {
	const sse = new ServerSentEvents({ connector: memory({ history: { maxLength: 100 } }) });
	const { id } = await sse.publish("old", { channel: "a" });
	const first = idOf(await read(sse, "channel=a&sse.cursor=named", "\nid:"));
	expect(parseCursor(["a", "b"], first)).toEqual([id, "live"]);
	await sse.publish("one", { channel: "a" });
	const text = await read(sse, `channel=a&sse.cursor=named&lastEventId=${first}`, "data:one");
	const both = `channel=a&channel=b&lastEventId=${idOf(text)}`;
	await sse.publish("two", { channel: "a" });
	const later = await read(sse, both, "data:two");
	expect(later.match(/^data:.*$/gm)).toEqual(["data:two"]);
	expect(idOf(await read(sse, "channel=a", "\nid:"))).toMatch(/^\d+-\d+$/);
	await sse.close();
});

test("a cursor that names more channels than requested is replaced at once", async () => {
	const sse = new ServerSentEvents({ connector: memory({ history: { maxLength: 100 } }) });
	await sse.publish("a", { channel: "a" });
	await sse.publish("b", { channel: "b" });
	const both = idOf(await read(sse, "channel=a&channel=b", "\nid:"));
	const one = idOf(await read(sse, `channel=a&sse.cursor=named&lastEventId=${both}`, "\nid:"));
	const [a] = parseCursor(["a", "b"], both);
	expect(parseCursor(["a", "b"], one)).toEqual([a, "live"]);
	await sse.close();
});
