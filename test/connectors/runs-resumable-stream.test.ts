import { Redis } from "ioredis";
import {
	createResumableStreamContext,
	type ResumableStreamContext,
} from "resumable-stream/ioredis";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { resumableStreams } from "../../src/runs.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wait.ts";
import { instance } from "./runs-kit.ts";

let server: RedisServer;
beforeAll(async () => {
	server = await startRedis();
});
afterAll(() => server.stop());

function published(): ResumableStreamContext {
	const clients = [new Redis(server.url), new Redis(server.url)] as const;
	onTestFinished(async () => {
		await Promise.all(clients.map((client) => client.quit()));
	});
	const [subscriber, publisher] = clients;
	return createResumableStreamContext({ waitUntil: null, subscriber, publisher });
}

// The type is the published one: ours is assignable to it.
const ours = (): ResumableStreamContext =>
	resumableStreams(instance(redis(server.url, { history: {}, timeout: 20_000 })).runs);

async function textOf(stream: ReadableStream<string> | null | undefined): Promise<string> {
	let text = "";
	for await (const piece of stream ?? []) text += piece;
	return text;
}

test.each([
	["the published package", published],
	["runs", ours],
])("%s: begin, join, skip, and the status before, during and after", async (_, make) => {
	const [one, other] = [make(), make()];
	const id = crypto.randomUUID();
	expect(await other.hasExistingStream(id)).toBeNull();
	expect(await other.resumeExistingStream(id)).toBeUndefined();
	let controller: ReadableStreamDefaultController<string> | undefined;
	const source = new ReadableStream<string>({
		start: (each) => {
			controller = each;
			each.enqueue("Hello, ");
		},
	});
	const first = textOf(await one.createNewResumableStream(id, () => source));
	await until(async () => (await other.hasExistingStream(id)) === true, { what: "a stream" });
	const unused = () => {
		throw new Error("It is made once.");
	};
	const joined = [
		textOf(await other.resumeExistingStream(id)),
		textOf(await other.resumableStream(id, unused)),
		textOf(await other.resumeExistingStream(id, 3)),
	];
	controller?.enqueue("world");
	controller?.close();
	expect(await first).toBe("Hello, world");
	expect(await Promise.all(joined)).toEqual(["Hello, world", "Hello, world", "lo, world"]);
	await until(async () => (await other.hasExistingStream(id)) === "DONE", { what: "its end" });
	expect(await other.resumeExistingStream(id)).toBeNull();
	expect(await other.resumableStream(id, unused)).toBeNull();
});

test("a stream whose source fails fails its readers, after what was said", async () => {
	const context = ours();
	const source = new ReadableStream<string>({
		start: (controller) => {
			controller.enqueue("so far");
		},
		pull: (controller) => controller.error(new Error("secret")),
	});
	const reader = (await context.resumableStream("broken", () => source))?.getReader();
	await expect(
		(async () => {
			while (!(await reader?.read())?.done);
		})(),
	).rejects.toThrow("The stream broke off: error.");
});
