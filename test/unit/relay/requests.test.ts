import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { RelayRequest } from "../../../src/relay/protocol.ts";
import { Requests } from "../../../src/relay/requests.ts";

/** A hub that breaks the first connections, and then answers. */
async function hub(broken: number, answer = "{}") {
	let requests = 0;
	const server = createServer((request, response) => {
		if (++requests <= broken) request.socket.resetAndDestroy();
		else response.end(answer);
	}).listen(0, "127.0.0.1");
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	const asking = new Requests(`http://127.0.0.1:${port}`, "token", 20_000);
	return { asking, requests: () => requests };
}

const reads: RelayRequest[] = [
	{ op: "check" },
	{ op: "head", channel: "a", back: 0 },
	{ op: "read", channel: "a", after: "0-0", limit: 1 },
	{ op: "run", call: "status", args: ["a"] },
];
const writes: RelayRequest[] = [
	{ op: "publish", messages: [{ channel: "a", payload: "1" }] },
	{ op: "forget", channel: "a" },
	{ op: "run", call: "append", args: ["a", {}] },
];

test.each(reads)("a read is repeated when its connection broke: $op", async (asked) => {
	const { asking, requests } = await hub(1);
	expect(await asking.ask(asked, [])).toEqual({});
	expect(requests()).toBe(2);
});

test.each(writes)("a request that changes something is not repeated: $op", async (asked) => {
	const { asking, requests } = await hub(1);
	await expect(asking.ask(asked, [])).rejects.toMatchObject({ code: "unavailable" });
	expect(requests()).toBe(1);
});

test("a read is tried at most twice", async () => {
	const { asking, requests } = await hub(2);
	await expect(asking.ask({ op: "check" }, [])).rejects.toMatchObject({ code: "unavailable" });
	expect(requests()).toBe(2);
});

test("an answer that is not a hub's is an error that says so", async () => {
	const { asking } = await hub(0, "null");
	await expect(asking.ask({ op: "check" }, [])).rejects.toMatchObject({
		code: "unavailable",
		message: expect.stringContaining("not a JSON object"),
	});
});
