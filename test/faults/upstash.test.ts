import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { upstash } from "../../src/connectors/upstash.ts";
import { until } from "../support/wait.ts";

/**
 * The other faults of a gateway are tested in test/connectors/upstash-subscription*.test.ts. Here each
 * channel's first stream stops in the middle of a message: `{how}.{bytes}` after this many bytes of it.
 */
const payload = "a message, of ünïcode";
const bytes = Buffer.from(`data: message,{channel},${payload}\n\n`);
const hows = ["end", "reset"] as const;

let server: Server;
const cut = new Set<string>();

beforeAll(async () => {
	server = createServer((request, response) => {
		const channel = decodeURIComponent(request.url?.split("/").at(-1) ?? "");
		const [how, count] = channel.split(".");
		const message = Buffer.from(String(bytes).replace("{channel}", channel));
		response.writeHead(200, { "content-type": "text/event-stream" });
		response.write(`data: subscribe,${channel},1\n\n`);
		if (cut.has(channel)) {
			response.write(message);
			response.write(`data: message,${channel},last\n\n`);
			return;
		}
		cut.add(channel);
		response.write(message.subarray(0, Number(count)), () => {
			if (how === "end") response.end();
			else response.socket?.resetAndDestroy();
		});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
});

afterAll(() => {
	server.closeAllConnections();
	server.close();
});

describe.each(hows)("a message cut at each byte, by %s", (how) => {
	it("never arrives as half a message, and the stream continues", async () => {
		const { port } = server.address() as { port: number };
		const connector = upstash({ url: `http://127.0.0.1:${port}`, token: "t" });
		const size = bytes.length - "{channel}".length + `${how}.00`.length;
		const seen = new Map<string, string[]>();
		const subscribing = Array.from({ length: size + 1 }, async (_, count) => {
			const channel = `${how}.${String(count).padStart(2, "0")}`;
			const messages: string[] = [];
			seen.set(channel, messages);
			const ignore = () => undefined;
			const onMessage = (text: string) => void messages.push(text);
			await connector.subscribe(channel, {
				onMessage,
				onLost: ignore,
				onRestored: ignore,
				onEnd: ignore,
			});
		});
		await Promise.all(subscribing);
		const all = () => [...seen.values()].every((messages) => messages.at(-1) === "last");
		await until(all, { what: "each channel's last message", timeout: 60_000 });
		for (const [channel, messages] of seen) {
			// This gateway sends it again, which no real one does: once or twice, but whole.
			const others = messages.slice(0, -1);
			expect(new Set(others), channel).toEqual(new Set([payload]));
			const complete = Number(channel.split(".")[1]) === size;
			expect(others.length, channel).toBe(complete ? 2 : 1);
		}
		await connector.close();
	});
});
