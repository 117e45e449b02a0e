import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createSession, type Session } from "better-sse";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { toNodeHandler } from "../../src/adapters/node.ts";
import { memory } from "../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../src/index.ts";
import { checkEventStream, type Finding, type StreamCheckOptions } from "../../src/testing.ts";
import { call } from "../support/hub-client.ts";
import { startNchan } from "../support/nchan.ts";

/** `checkEventStream()` against correct servers, ours and others', with nothing in between. */

const patient = { idle: 1_000, latency: 20_000, timeout: 40_000 };

async function listening(listener: RequestListener): Promise<string> {
	const server = createServer(listener);
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`;
}

/** What was found, by its level. */
async function found(url: string, options: StreamCheckOptions) {
	const findings = await checkEventStream(url, { ...patient, ...options });
	const of = (level: Finding["level"]) =>
		findings.filter((each) => each.level === level).map(({ check }) => check);
	return { fault: of("fault"), advice: of("advice"), fine: of("fine"), findings };
}

test("our hub with history has no fault", async () => {
	const sse = new ServerSentEvents({ connector: memory({ history: {} }) });
	onTestFinished(() => sse.close());
	const url = await listening(toNodeHandler(sse));
	const { fault, advice, fine } = await found(url, { publish: (data) => sse.publish(data) });
	expect({ fault, advice }).toEqual({ fault: [], advice: [] });
	expect(fine).toEqual(
		expect.arrayContaining([
			"status",
			"delivery",
			"last-event-id",
			"resume",
			"reconnect",
			"polling",
		]),
	);
});

test("our hub without history: resuming is not mentioned", async () => {
	const sse = new ServerSentEvents({ connector: memory() });
	onTestFinished(() => sse.close());
	const url = await listening(toNodeHandler(sse));
	const { fault, advice } = await found(url, { publish: (data) => sse.publish(data) });
	expect({ fault, advice }).toEqual({ fault: [], advice: ["resume"] });
});

test("better-sse gives ids and keeps no events, so a reconnect loses some", async () => {
	const sessions = new Set<Session>();
	const url = await listening(async (request, response) => {
		const session = await createSession(request, response);
		sessions.add(session);
		session.once("disconnected", () => sessions.delete(session));
	});
	const publish = (data: string) => {
		for (const session of sessions) session.push(data);
	};
	const { fault, findings } = await found(url, { publish, latency: 4_000 });
	expect(fault, JSON.stringify(findings)).toEqual(["resume"]);
});

describe("nchan", () => {
	const nchan = startNchan();
	afterAll(async () => (await nchan).kill());

	test("nchan resumes by its ids", async () => {
		const server = await nchan;
		const publish = (body: string) =>
			call(`${server.url}/publish?channel=doctor`, { method: "POST", body });
		const { fault, fine, findings } = await found(`${server.url}/stream?channel=doctor`, {
			publish,
		});
		expect(fault, JSON.stringify(findings)).toEqual([]);
		expect(fine).toEqual(expect.arrayContaining(["delivery", "resume"]));
	});
});

test("a plain handler without ids and comments is described as such", async () => {
	const responses = new Set<{ write(text: string): unknown }>();
	const url = await listening((_, response) => {
		response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
		responses.add(response);
		response.on("close", () => responses.delete(response));
	});
	const publish = (data: string) => {
		for (const response of responses) response.write(`data: ${data}\n\n`);
	};
	const { fault, advice, findings } = await found(url, { publish, latency: 3_000 });
	expect({ fault, advice }, JSON.stringify(findings)).toEqual({
		fault: [],
		advice: ["headers", "first-byte", "resume"],
	});
});
