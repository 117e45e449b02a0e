import type { Server } from "node:http";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { until } from "../../support/wait.ts";
import { hosts, instance } from "./hosts.ts";
import { RawClient } from "./raw-client.ts";

/**
 * How long a connection may be silent: short while the rest of an ended stream is unread, and as before after
 * that.
 */

const socketOf = (server: Server): Promise<Socket> =>
	new Promise((resolve) => server.once("connection", resolve));

const none: [what: string, before: number, set: (server: Server) => void] = [
	"no time of the server's",
	0,
	() => undefined,
];
const own: typeof none = [
	"a time of the server's own",
	77_000,
	(server) => void server.setTimeout(77_000),
];

for (const [host, start] of Object.entries(hosts)) {
	test.each([none, own])(
		`${host}, %s: the limit is restored after the end of the stream`,
		async (_, before, set) => {
			const { sse } = instance({ maxDuration: 300, keepAlive: 30_000 });
			const { server, url } = await start(sse);
			set(server);
			// Node's own limit in place of ours, where it is not 0.
			server.keepAliveTimeout = 0;
			const accepted = socketOf(server);
			const client = await RawClient.to(url);
			const socket = await accepted;
			const path = new URL(url).pathname;
			for (const stream of [1, 2, 3]) {
				client.send(`GET ${path} HTTP/1.1`, "host: a");
				await until(() => sse.stats().connections === 1, { what: `stream ${stream}` });
				expect(socket.timeout ?? 0, `during stream ${stream}`).toBe(before);
				await client.times("0\r\n\r\n", stream);
				expect(socket.timeout ?? 0, `after stream ${stream}`).toBe(before);
			}
			// And for requests that came before the end of the one before them.
			client.socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(2));
			await client.times("HTTP/1.1 200", 5);
			await until(() => sse.stats().connections === 1, { what: "the last" });
			expect(socket.timeout ?? 0).toBe(before);
		},
	);
}
