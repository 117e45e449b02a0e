import { expect, type TestContext } from "vitest";
import { openStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";

// SvelteKit takes a POST without a content type for a form, and refuses forms of other origins.
const post = { method: "POST", headers: { "content-type": "application/json" } };

/**
 * Streams, publishes and tries a wrong method. Where the example keeps a history, a client that reconnects gets
 * what it missed.
 */
export async function works(
	test: TestContext,
	url: { stream: string; hello: string },
	keeps: boolean,
): Promise<void> {
	const stream = await openStream(url.stream);
	test.onTestFinished(() => stream.close());
	expect(stream.status).toBe(200);
	expect(stream.headers.get("content-type")).toBe("text/event-stream");
	await stream.comment();
	expect((await call(url.hello, post)).body).toBe("Message sent!\n");
	const event = await stream.first((each) => each.event === "greeting", "the greeting");
	expect(event.data).toBe('{"message":"Hello!"}');
	expect(event.id !== undefined).toBe(keeps);
	expect((await call(url.hello)).status).toBeGreaterThanOrEqual(400);

	stream.close();
	if (event.id === undefined) return;
	expect((await call(url.hello, post)).status).toBe(200);
	const again = await openStream(url.stream, { "last-event-id": event.id });
	test.onTestFinished(() => again.close());
	expect(await again.first((each) => each.event === "greeting", "what was missed")).toMatchObject({
		data: '{"message":"Hello!"}',
	});
}
