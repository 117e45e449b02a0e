import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as http2 from "node:http2";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { toNodeHandler } from "../../../src/adapters/node.ts";
import { selfSigned } from "../../support/certificate.ts";
import { EventStream } from "../../support/event-stream.ts";
import { until } from "../../support/wait.ts";
import { instance, pastTheResponse, socketWrites } from "./hosts.ts";

/** Streams over HTTP/2, and over TLS. */

interface Listening {
	listen(port: number, host: string): unknown;
	address(): AddressInfo | string | null;
	once(event: "listening", listener: () => void): unknown;
	close(): unknown;
}

async function portOf(server: Listening): Promise<number> {
	server.listen(0, "127.0.0.1");
	await new Promise<void>((listening) => server.once("listening", listening));
	onTestFinished(() => void server.close());
	return (server.address() as AddressInfo).port;
}

async function overHttp2(options?: Parameters<typeof instance>[0]) {
	const { sse, errors } = instance(options);
	const url = `http://127.0.0.1:${await portOf(http2.createServer(toNodeHandler(sse)))}`;
	const session = http2.connect(url);
	onTestFinished(() => session.destroy());
	const open = async (path = "/", method = "GET") => {
		const request = session.request({ ":path": path, ":method": method });
		const [head] = (await once(request, "response")) as [http2.IncomingHttpHeaders];
		const stream = new EventStream({
			url,
			status: Number(head[":status"]),
			headers: new Headers(
				Object.entries(head).flatMap(([name, value]): [string, string][] =>
					name.startsWith(":") ? [] : [[name, String(value)]],
				),
			),
			leave: () => request.close(http2.constants.NGHTTP2_CANCEL),
		});
		request.on("data", (bytes: Buffer) => stream.feed(bytes));
		request.on("end", () => stream.over(request.rstCode === 0 ? "ended" : "broken"));
		request.on("error", () => stream.over("broken"));
		request.on("close", () => stream.over("broken"));
		return Object.assign(stream, { request });
	};
	const connections = (count: number) =>
		until(() => sse.stats().connections === count, { what: `${count} connections` });
	return { sse, errors, url, open, connections };
}

test("many streams share one connection, and end one by one", async () => {
	const { sse, open, connections } = await overHttp2();
	const streams = await Promise.all(["a", "b", "c"].map((name) => open(`/?channel=${name}`)));
	const [a, b] = streams;
	for (const stream of streams) await stream.comment();
	expect(a?.headers.get("content-type")).toBe("text/event-stream");
	expect(a?.headers.has("transfer-encoding")).toBe(false);
	for (const name of ["a", "b", "c"]) await sse.publish(`to ${name}`, { channel: name });
	for (const [at, stream] of streams.entries()) {
		expect(await stream.event()).toMatchObject({ data: `to ${"abc"[at]}` });
	}
	a?.close();
	await connections(2);
	await sse.publish("again", { channel: "b" });
	expect(await b?.event(2)).toMatchObject({ data: "again" });
	await sse.close();
	for (const stream of streams.slice(1)) {
		await stream.end();
		expect(stream).toMatchObject({ state: "ended", retries: [expect.any(Number)] });
	}
});

test("HEAD has no body, and a refused method has its reason", async () => {
	const { sse, open } = await overHttp2();
	const head = await open("/", "HEAD");
	await head.end();
	expect(head).toMatchObject({ status: 200, state: "ended", text: "" });
	expect(sse.stats().connections).toBe(0);
	const refused = await open("/", "DELETE");
	await refused.end();
	expect(refused).toMatchObject({ status: 405, state: "ended" });
});

test("a client that does not read is disconnected, and no other client", async () => {
	const printed = vi.spyOn(console, "error");
	onTestFinished(() => printed.mockRestore());
	const { sse, errors, open, connections } = await overHttp2({
		limits: { bufferedBytes: 200_000 },
	});
	const [reader, sleeper] = [await open(), await open()];
	await connections(2);
	sleeper.request.pause();
	const text = "x".repeat(50_000);
	let sent = 0;
	while (sse.stats().connections === 2) {
		expect(sent, "messages to a client that does not read").toBeLessThan(500);
		await sse.publish(`${++sent} ${text}`);
		await reader.event(sent);
	}
	expect(errors).toMatchObject([{ code: "slow_consumer" }]);
	sleeper.request.resume();
	await sleeper.end();
	expect(sleeper.state).toBe("broken");
	await sse.publish("on and on");
	expect(await reader.event(sent + 1)).toMatchObject({ data: "on and on" });
	expect(printed).not.toHaveBeenCalled();
});

test("curl reads it, and its leave is noticed", async () => {
	const { sse, url, connections } = await overHttp2();
	const curl = spawn("curl", ["--http2-prior-knowledge", "-sN", "-w", "HTTP/%{http_version}", url]);
	onTestFinished(() => void curl.kill("SIGKILL"));
	let text = "";
	curl.stdout.on("data", (bytes: Buffer) => {
		text += bytes;
	});
	await connections(1);
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	await until(() => text.endsWith("\n\n") && text.includes("data"), { what: "the event" });
	expect(text).toBe(':\n\nevent:greeting\ndata:{"message":"Hello!"}\n\n');
	curl.kill("SIGINT");
	await connections(0);
});

test("over TLS, HTTP/1.1 is written past the response, too", async () => {
	const folder = mkdtempSync(join(tmpdir(), "edge-sse-node-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	const { cert, key, pem } = selfSigned(folder);
	const { sse } = instance();
	const options = { cert: readFileSync(cert), key: readFileSync(key), allowHTTP1: true };
	for (const server of [
		https.createServer(
			options,
			toNodeHandler((request, host) => sse.stream(request, { host })),
		),
		http2.createSecureServer(options, toNodeHandler(sse)),
	]) {
		const writes: Buffer[] = socketWrites({
			on: (_, watch) => server.on("secureConnection", watch),
		});
		const request = https.get({
			host: "127.0.0.1",
			port: await portOf(server),
			ca: pem,
			agent: false,
		});
		const [response] = await once(request, "response");
		const stream = new EventStream({
			url: "",
			status: 200,
			headers: new Headers(),
			leave: () => request.destroy(),
		});
		response.on("data", (bytes: Buffer) => stream.feed(bytes));
		response.on("error", () => stream.over("broken"));
		onTestFinished(() => stream.close());
		await sse.publish("first");
		await stream.event();
		for (const text of ["a", "b", "c"]) await sse.publish(text);
		expect(await stream.data(4)).toEqual(["first", "a", "b", "c"]);
		expect(pastTheResponse(writes)).toBeGreaterThan(0);
		stream.close();
		await until(() => sse.stats().connections === 0, { what: "no connections" });
	}
});
