import { afterEach, expect, test, vi } from "vitest";
import { type NodeFetch, toNodeHandler } from "../../../src/adapters/node.ts";
import { openSocketStream } from "../../support/event-stream.ts";
import { call } from "../../support/hub-client.ts";
import { until } from "../../support/wait.ts";
import { overHttp } from "./hosts.ts";
import { RawClient } from "./raw-client.ts";

/** Response bodies through `toNodeHandler`: they break, are slow, are left, or are not needed. */

const reported = vi.spyOn(console, "error").mockImplementation(() => undefined);
afterEach(() => reported.mockClear());

const serving = (fetch: NodeFetch) => overHttp(toNodeHandler(fetch));

/** A body without end, with counts of its use. */
function endless() {
	let pulls = 0;
	let cancelled = false;
	const body = new ReadableStream<Uint8Array>({
		pull(controller) {
			pulls++;
			controller.enqueue(new Uint8Array(65_536));
		},
		cancel() {
			cancelled = true;
		},
	});
	return { body, pulls: () => pulls, cancelled: () => cancelled };
}

test("a body that breaks ends the response as broken, and is reported", async () => {
	const { url } = await serving(() => {
		const body = new ReadableStream({
			start(controller) {
				controller.enqueue(Buffer.from("half of"));
				setTimeout(() => controller.error(new Error("It broke.")), 20);
			},
		});
		return new Response(body);
	});
	const stream = await openSocketStream(url);
	await stream.end();
	expect(stream).toMatchObject({ status: 200, state: "broken", text: "half of" });
	expect(reported).toHaveBeenCalledExactlyOnceWith(
		"edge-sse:",
		expect.objectContaining({ message: "It broke." }),
	);
});

test("a body is read no faster than the client reads, and is cancelled when it leaves", async () => {
	const source = endless();
	const signals: AbortSignal[] = [];
	const { url } = await serving((request) => {
		signals.push(request.signal);
		return new Response(source.body);
	});
	const stream = await openSocketStream(url);
	stream.pause();
	let before = -1;
	// It stands still once the kernels' buffers are full.
	await until(
		() => {
			const still = before === source.pulls();
			before = source.pulls();
			return still;
		},
		{ what: "a pause", every: 300 },
	);
	expect(source.pulls()).toBeLessThan(1_000);
	expect(signals[0]?.aborted).toBe(false);
	stream.close();
	await until(() => source.cancelled(), { what: "the cancel" });
	expect(signals[0]?.aborted).toBe(true);
	expect(reported).not.toHaveBeenCalled();
});

test("a body that comes after the client has left is cancelled", async () => {
	const source = endless();
	const { promise, resolve } = Promise.withResolvers<Request>();
	const { url } = await serving(async (request) => {
		resolve(request);
		await new Promise((left) => request.signal.addEventListener("abort", left));
		return new Response(source.body);
	});
	const client = await RawClient.to(url);
	client.send("GET / HTTP/1.1", "host: a");
	await promise;
	client.socket.destroy();
	await until(() => source.cancelled(), { what: "the cancel" });
	expect(reported).not.toHaveBeenCalled();
});

test("the head is sent at once, however late the body begins", async () => {
	let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
	const { url } = await serving(() => {
		const body = new ReadableStream<Uint8Array>({
			start(c) {
				controller = c;
			},
		});
		return new Response(body);
	});
	const stream = await openSocketStream(url);
	controller?.enqueue(Buffer.from("late"));
	controller?.close();
	await stream.end();
	expect(stream).toMatchObject({ state: "ended", text: "late" });
});

test("a body that HEAD does not need is cancelled", async () => {
	const source = endless();
	const { url } = await serving(() => new Response(source.body));
	expect(await call(url, { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
	expect(source.cancelled()).toBe(true);
});
