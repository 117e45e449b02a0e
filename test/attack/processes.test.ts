import { afterAll, beforeAll, expect, test } from "vitest";
import { openSocketStream } from "../support/event-stream.ts";
import { health, publish, streamUrl } from "../support/hub-client.ts";
import { bothServe, childrenOf, loopbackPorts } from "../support/processes.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { honestBody, relayHead, whole } from "./kit/bodies.ts";
import { oneByOne } from "./kit/hub.ts";
import { compare, expectBounded, type Subject } from "./kit/rounds.ts";
import type { Exchange } from "./kit/wire.ts";

/** A hub of two processes. It adds handing over, counting over all, and the broker. */

let server: ServerProcess;
let hub: Subject;
beforeAll(async () => {
	const env = {
		SSE_PROCESSES: "2",
		SSE_PUBLISH_OPEN: "true",
		SSE_HISTORY_LENGTH: "50",
		SSE_LINGER: "0",
	};
	server = await startServer("node", { env: { ...env, SSE_BROKER_TIMEOUT: "20000" } });
	await bothServe(server);
	const others = childrenOf(server.pid).map(({ pid }) => pid);
	hub = { hub: server.pid, port: Number(new URL(server.url).port), others };
});
afterAll(() => server?.kill());

const text = (lines: string) => Buffer.from(`${lines}\r\nHost: localhost\r\n`);
const asked = (path: string, until: Exchange["until"] = { answers: 1 }): Exchange => ({
	bytes: Buffer.concat([text(`GET ${path} HTTP/1.1`), Buffer.from("\r\n")]),
	until,
});

/** Each on a connection of its own, which the parent hands over. */
const hostile: Record<string, Exchange> = {
	"a silent connection": { bytes: Buffer.alloc(0), until: "broken" },
	"a request that does not end": { bytes: text("GET /stream?channel=a HTTP/1.1"), until: "broken" },
	"the metrics of all": asked("/metrics"),
	"the health of all": asked("/healthz"),
	"the readiness of all": asked("/readyz"),
};

test.for(Object.entries(hostile))(
	"several processes, %s: costs about as much as an honest request",
	async ([, exchange]) => {
		expectBounded(
			await compare(
				hub,
				oneByOne(hub, () => exchange),
				oneByOne(hub, (request) => asked(`/stream?channel=room.${request}`, "streamed")),
			),
		);
	},
);

test("several processes: requests of strangers to the broker's port cost little", async () => {
	const [port = 0] = loopbackPorts(server.pid).filter((each) => each !== hub.port);
	expect(port).not.toBe(0);
	const channels = Array.from({ length: 10_000 }, (_, n) => `c${n % 10}`);
	const body = JSON.stringify({ op: "subscribe", channels, positions: true });
	const stranger = whole(body, undefined, relayHead);
	const honest = whole(honestBody(body.length));
	const refused = oneByOne({ ...hub, port }, () => stranger);
	expectBounded(
		await compare(
			hub,
			refused,
			oneByOne(hub, () => honest),
		),
	);
});

test("several processes: after all of it the same processes serve, and nothing is left", async (t) => {
	await expect.poll(() => health(server)).toMatchObject({ connections: 0, channels: 0 });
	expect(childrenOf(server.pid).map(({ pid }) => pid)).toEqual(hub.others);
	const stream = await openSocketStream(streamUrl(server, "a"));
	t.onTestFinished(() => stream.close());
	await stream.comment();
	await publish(server, { data: "here", channel: "a" });
	expect(await stream.event()).toMatchObject({ data: "here" });
	expect(server.output.split("\n").length).toBeLessThan(20);
});
