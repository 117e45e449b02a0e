import { once } from "node:events";
import { ServerResponse } from "node:http";
import { connect } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createHub } from "../../../src/server/create.ts";
import { listen } from "../../../src/server/listen/node.ts";
import { until } from "../../support/wait.ts";

async function scene(environment: Record<string, string> = {}) {
	const hub = createHub({ HOST: "127.0.0.1", PORT: "0", ...environment });
	const server = await listen(hub);
	onTestFinished(async () => {
		await hub.close();
		await server.stop();
	});
	const ask = async (...lines: string[]) => {
		const socket = connect(server.port, "127.0.0.1");
		onTestFinished(() => void socket.destroy());
		const received = { text: "", socket };
		socket.on("data", (bytes) => {
			received.text += bytes;
		});
		await once(socket, "connect");
		socket.write(`${lines.join("\r\n")}\r\n\r\n`);
		const opened = () => /:\n\n|^HTTP\/1.1 421 /.test(received.text) || socket.destroyed;
		await until(opened, { timeout: 20_000, what: "an answer" });
		return received;
	};
	return { sse: hub.sse, ask };
}

test("a stream sent directly to the socket is whole over HTTP/1.1 and HTTP/1.0", async () => {
	const { sse, ask } = await scene();
	const one = await ask("GET /stream HTTP/1.1", "Host: localhost");
	const old = await ask("GET /stream HTTP/1.0");
	expect(one.text).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\n/);
	const body = ({ text }: { text: string }) => text.slice(text.indexOf("\r\n\r\n") + 4);
	await sse.publish("é");
	await until(() => body(old) === ":\n\ndata:é\n\n", { timeout: 20_000, what: "an event" });
	await sse.publish("b");
	const chunks = "3\r\n:\n\n\r\n9\r\ndata:é\n\n\r\n8\r\ndata:b\n\n\r\n";
	await until(() => body(one) === chunks, { timeout: 20_000, what: "chunks" });
	await until(() => body(old).endsWith("data:b\n\n"), { timeout: 20_000, what: "an event" });
});

test("a client that leaves frees its slot", async () => {
	const { sse, ask } = await scene();
	const { socket } = await ask("GET /stream HTTP/1.1", "Host: localhost");
	expect(sse.connectionLimits.all).toBe(1);
	socket.destroy();
	await until(() => sse.connectionLimits.all === 0, { timeout: 20_000, what: "its place" });
	expect(sse.stats().connections).toBe(0);
});

test("the app's own headers are in the head of a stream", async () => {
	const { ask } = await scene({ SSE_CORS_ORIGIN: "https://a.example" });
	const { text } = await ask(
		"GET /stream HTTP/1.1",
		"Host: localhost",
		"Origin: https://a.example",
	);
	expect(text).toContain("access-control-allow-origin: https://a.example\r\n");
});

test("the Host header is checked again when another host came in between", async () => {
	const { ask } = await scene();
	for (const host of ["localhost", "evil.example", "localhost", "evil.example"]) {
		const { text } = await ask("GET /stream HTTP/1.1", `Host: ${host}`);
		expect(text.slice(0, 12)).toBe(host === "localhost" ? "HTTP/1.1 200" : "HTTP/1.1 421");
	}
});

test.each(["writeHead", "flushHeaders"] as const)(
	"when %s throws, the client is disconnected and nothing is left of its stream",
	async (name) => {
		const { sse, ask } = await scene();
		const method = vi.spyOn(ServerResponse.prototype, name).mockImplementationOnce(() => {
			throw new TypeError("An agent fails.");
		});
		onTestFinished(() => method.mockRestore());
		const { text } = await ask("GET /stream HTTP/1.1", "Host: localhost");
		expect(text).toBe("");
		expect(sse.stats().connections).toBe(0);
		expect(sse.connectionLimits.all).toBe(0);
		const users = sse.channels().flatMap((all) => [...all.values()].map((each) => each.users));
		expect(users).toEqual([0]);
		expect((await ask("GET /stream HTTP/1.1", "Host: localhost")).text).toContain(":\n\n");
	},
);
