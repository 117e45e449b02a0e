import { expect, test } from "vitest";
import { BodyReader } from "../../../../src/connectors/shared/body-reader.ts";
import { ConnectorError } from "../../../../src/core/errors.ts";

const silent = (milliseconds: number) =>
	new ConnectorError("unavailable", `Nobody answered within ${milliseconds} ms.`);

/** A body that the test writes, and a reader that takes "!" as the confirmation. */
function setUp() {
	let body!: ReadableStreamDefaultController<Uint8Array>;
	const state = { text: "", cancelled: undefined as unknown };
	const stream = new ReadableStream<Uint8Array>({
		start: (controller) => {
			body = controller;
		},
		cancel: (reason) => {
			state.cancelled = reason;
		},
	});
	const ended = Promise.withResolvers<ConnectorError>();
	const reader = new BodyReader({
		sender: "The sender",
		feed: (bytes) => {
			state.text += new TextDecoder().decode(bytes);
			return state.text.includes("!");
		},
		onEnd: ended.resolve,
	});
	const open = (timeout = 40_000) =>
		reader.open(
			async () => new Response(stream),
			timeout,
			() => silent(timeout),
		);
	const write = (text: string) => body.enqueue(new TextEncoder().encode(text));
	return { reader, body, state, ended: ended.promise, open, write };
}

test("the reader opens with the confirmation, and reads until the sender ends the body", async () => {
	const { body, state, ended, open, write } = setUp();
	write("a");
	write("b!");
	await open();
	expect(state.text).toBe("ab!");
	write("c");
	body.close();
	expect(await ended).toMatchObject({
		code: "unavailable",
		message: "The sender ended the stream.",
	});
	expect(state.text).toBe("ab!c");
});

test("a body that breaks is reported with its cause", async () => {
	const { body, ended, open, write } = setUp();
	write("!");
	await open();
	const cause = new Error("reset");
	body.error(cause);
	expect(await ended).toMatchObject({ message: "The sender broke the stream off.", cause });
});

test("a body that ends or breaks before the confirmation rejects the opening", async () => {
	const early = setUp();
	early.write("a");
	early.body.close();
	await expect(early.open()).rejects.toThrow("The sender ended the stream before it confirmed.");
	const broken = setUp();
	broken.body.error(new Error("reset"));
	await expect(broken.open()).rejects.toThrow(
		"The sender broke the stream off before it confirmed.",
	);
});

test("a sender that does not confirm in time is disconnected", async () => {
	const { reader, state, open } = setUp();
	await expect(open(20)).rejects.toThrow("Nobody answered within 20 ms.");
	expect(state.cancelled).toMatchObject({ message: "Nobody answered within 20 ms." });
	expect(reader.closed).toBe(true);
});

test("an end by close() is not reported", async () => {
	const opening = setUp();
	const opened = opening.open();
	opening.reader.close();
	await expect(opened).rejects.toMatchObject({ code: "closed" });

	const { reader, state, ended, open, write } = setUp();
	write("!");
	await open();
	reader.close();
	expect(state.cancelled).toMatchObject({ code: "closed" });
	// Reports come in the task that reads the end.
	const nothing = new Promise((resolve) => setTimeout(resolve, 0, "nothing"));
	expect(await Promise.race([ended, nothing])).toBe("nothing");
});

test("fail() is reported like a failure of the sender", async () => {
	const { reader, ended, open, write } = setUp();
	write("!");
	await open();
	reader.fail(silent(5));
	expect(await ended).toMatchObject({ message: "Nobody answered within 5 ms." });
});

test("a body that is closed as its confirmation comes is not opened", async () => {
	const { reader, state, open, write } = setUp();
	const opened = expect(open()).rejects.toMatchObject({ code: "closed" });
	// By now the reader waits for the first bytes.
	await new Promise((resolve) => setTimeout(resolve));
	write("!");
	reader.close();
	await opened;
	expect(state.text).toBe("");
});
