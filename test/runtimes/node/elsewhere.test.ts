import { expect, onTestFinished, test } from "vitest";
import { openSocketStream } from "../../support/event-stream.ts";
import { call, json } from "../../support/hub-client.ts";
import { type RuntimeName, startServer } from "../../support/server.ts";
import { until } from "../../support/wait.ts";

const fixture = "test/runtimes/fixtures/node-handler.ts";
const programs: [RuntimeName, string[]][] = [
	["node", [fixture]],
	["bun", [fixture]],
	["deno", ["run", "--no-prompt", "--allow-net", "--allow-env", "--allow-read", fixture]],
];

test.each(programs)("the node:http of %s serves streams", async (runtime, program) => {
	const server = await startServer(runtime, { program });
	onTestFinished(() => server.kill());
	const publish = async (body: string) =>
		json<{ connections: number }>(await call(server.url, { method: "POST", body }));
	const stream = await openSocketStream(server.url);
	const upper = await openSocketStream(`${server.url}/upper`);
	await stream.comment();
	await upper.when(() => upper.text === ":\n\n", "the opening comment");
	expect(stream.headers.get("content-type")).toBe("text/event-stream");
	const texts = Array.from({ length: 50 }, (_, n) => String(n));
	for (const text of texts) await publish(text);
	await publish(texts.join());
	expect(await stream.data(100)).toEqual([...texts, ...texts]);
	await upper.when(() => upper.text.length >= stream.text.length, "everything");
	expect(upper.text).toBe(stream.text.toUpperCase());
	stream.close();
	upper.close();
	// Where the end of a connection is not reported, a write finds out.
	await until(async () => (await publish("gone?")).connections === 0, { what: "no connections" });
	expect(server.output).not.toMatch(/error/i);
});
