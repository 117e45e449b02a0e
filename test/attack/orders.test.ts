import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { post } from "../support/hub-client.ts";
import { patience, within } from "../support/wait.ts";
import { Chance, times } from "./kit/chance.ts";
import { useHub } from "./kit/hub.ts";
import { compare, expectBounded, type Round } from "./kit/rounds.ts";

const hub = useHub();

const clients = 100;

/** Streams of these lists, and rounds of a message to each channel, which reach a stream as one write. */
async function audience(lists: readonly (readonly string[])[]): Promise<Round> {
	const { port, server } = hub();
	const streams = await Promise.all(lists.map((names) => follow(port, names)));
	const [names = []] = lists;
	return async (run) => {
		for (let again = 0; again < 2; again++) {
			const last = `${run}/${again}/last`;
			const heard = streams.map((stream) => stream.hear(last));
			const messages = names.map((channel, at) => ({ channel, data: at === 31 ? last : "news" }));
			const { status } = await post(server, messages);
			expect(status).toBe(200);
			await within(Promise.all(heard), patience, last);
		}
	};
}

async function follow(port: number, names: readonly string[]) {
	const socket: Socket = connect(port, "127.0.0.1");
	onTestFinished(() => void socket.destroy());
	await once(socket, "connect");
	let text = "";
	let check: () => void = () => undefined;
	socket.on("data", (bytes: Buffer) => {
		text += bytes.toString("latin1");
		check();
	});
	const hear = (word: string) =>
		new Promise<void>((resolve) => {
			check = () => {
				if (!text.includes(word)) return;
				text = "";
				resolve();
			};
		});
	const ready = hear("\nid:");
	const query = names.map((name) => `channel=${name}`).join("&");
	socket.write(`GET /stream?${query} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
	await within(ready, patience, "a stream's first id");
	return { hear };
}

test("orders: 100 clients that name 32 channels in orders of their own cost about as much as in one order", async () => {
	const chance = new Chance(20_261_129);
	const named = (kind: string) => times(32, (at) => `${kind}${at}`);
	const honest = await audience(times(clients, () => named("same")));
	const hostile = await audience(times(clients, () => chance.shuffled(named("other"))));
	expectBounded(await compare(hub(), hostile, honest));
});
