import { ServerSentEvents } from "../../src/core/sse.ts";
import { json, post } from "../support/hub-client.ts";
import type { Server } from "../support/server.ts";
import { until } from "../support/wait.ts";
import type { Client } from "./client.ts";
import type { Crowd } from "./crowd.ts";
import type { Environment } from "./environment.ts";
import type { Entry, Ledger } from "./ledger.ts";
import { connectorTo } from "./programs/broker.ts";
import { keyFor, textOf } from "./text.ts";

/** After the faults, clients are done or dead when none was sent anything for this long, in ms. */
const patience = 25_000;

interface End {
	channels: readonly string[];
	/** The publisher's name in these messages. */
	publisher: string;
}

/** Publishes one more message on every channel, and waits until every client has it. */
export async function bringToTheEnd(
	environment: Environment,
	{ ledger, counts }: Crowd,
	clients: readonly Client[],
	end: End,
): Promise<void> {
	const last = await publishLast(environment, ledger, end);
	const missing = () => clients.filter((each) => !each.hasCome(last));
	let sent = counts.deliveries;
	let since = performance.now();
	const settled = () => {
		if (sent !== counts.deliveries) since = performance.now();
		sent = counts.deliveries;
		return missing().length === 0 || performance.now() - since > patience;
	};
	await until(settled, { timeout: 150_000, what: "the clients to settle", every: 50 });
	const lists = new Set(missing().map((each) => each.channels.join("+")));
	if (lists.size === 0) return;
	const who = `${missing().length} clients (of ${[...lists].join(", ")})`;
	ledger.problems.push(`${who} never had the ${end.publisher} message`);
}

/** A last message on every channel, which tells every client that it has seen all. */
async function publishLast(
	environment: Environment,
	ledger: Ledger,
	{ channels, publisher }: End,
): Promise<Map<string, Entry>> {
	const last = new Map<string, Entry>();
	const sse =
		environment.broker &&
		new ServerSentEvents({ connector: connectorTo(environment.broker), keepAlive: 60_000 });
	let count = 0;
	for (const channel of channels) {
		await until(
			async () => {
				const key = keyFor([channel], publisher, ++count);
				const data = textOf(key, 10);
				const server = environment.hubs[0]?.server;
				try {
					const { id } =
						sse === undefined
							? await overHttp(server, channel, data)
							: await sse.publish(data, { channel });
					last.set(channel, ledger.acknowledged(channel, key, id));
					return true;
				} catch {
					return false; // the broker has not recovered yet
				}
			},
			{ timeout: 30_000, what: `a last message on ${channel}`, every: 100 },
		);
	}
	await sse?.close();
	return last;
}

async function overHttp(server: Server | undefined, channel: string, data: string) {
	if (server === undefined) throw new Error("The hub is down.");
	const answer = await post(server, { channel, data });
	if (answer.status !== 200) throw new Error(answer.body);
	return json<{ id?: string }>(answer);
}
