import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { ServerEvent, ServerEventBus } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/exports.ts";
import { freePort } from "../support/ports.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Server, startProgram } from "../support/server.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/wait.ts";
import { command, examples } from "./readme.ts";

/** Two MCP servers, each a process of its own, on a real Redis, and the SDK's own client. */

const notes = "notes://all";
let broker: RedisServer;
let servers: Server[];
beforeAll(async () => {
	broker = await startRedis();
	servers = await Promise.all([start(), start()]);
});
afterAll(async () => {
	await Promise.all((servers ?? []).map((server) => server.kill()));
	await broker?.stop();
});

async function start(): Promise<Server> {
	return startProgram(command("mcp"), {
		announces: /Listening on (http:\S+)/,
		env: { SSE_REDIS_URL: broker.url, SSE_BROKER_TIMEOUT: "20000", PORT: String(await freePort()) },
	});
}

async function connect(url: string) {
	const info = { name: "test", version: "1.0.0" };
	const client = new Client(info, { versionNegotiation: { mode: "auto" } });
	await client.connect(new StreamableHTTPClientTransport(new URL(url)));
	onTestFinished(() => client.close());
	const updated: string[] = [];
	client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
		updated.push(params.uri);
	});
	const add = (text: string) => client.callTool({ name: "add_note", arguments: { text } });
	const read = async () => {
		const { contents } = await client.readResource({ uri: notes });
		return contents.map((each) => ("text" in each ? each.text : ""));
	};
	return { client, updated, add, read };
}

test("a client of one process hears changes made in the other, until its subscription ends", async () => {
	const [one, other] = await Promise.all(servers.map(({ url }) => connect(url)));
	if (one === undefined || other === undefined) throw new Error("There are two.");
	const subscription = await one.client.listen({ resourceSubscriptions: [notes] });
	expect(subscription.honoredFilter).toEqual({ resourceSubscriptions: [notes] });
	await other.add("from the other");
	await until(() => one.updated.length === 1, { what: "the other's note" });
	expect(one.updated).toEqual([notes]);
	expect(await one.read()).toEqual(["from the other"]);
	await one.add("from its own");
	await until(() => one.updated.length === 2, { what: "its own note" });
	// This client has not subscribed.
	expect(other.updated).toEqual([]);

	await subscription.close();
	const last = await other.client.listen({ resourceSubscriptions: [notes] });
	await one.add("more");
	await until(() => other.updated.length === 1, { what: "the note" });
	expect(one.updated).toEqual([notes, notes]);
	const [server] = servers.slice(1);
	expect(await server?.stop("SIGTERM")).toBe(0);
	expect(await last.closed).toBe("graceful");
});

// Imported by path: the compiler would take the built package for it, whose classes differ from the sources'.
const { serverEventBus }: { serverEventBus(sse: ServerSentEvents): Promise<ServerEventBus> } =
	await import(join(examples, "mcp/bus.ts"));

/** The event bus of one process. */
async function busOn(url: string) {
	const onError = () => undefined; // of the outage
	const sse = new ServerSentEvents({
		connector: redis(url, { history: {}, timeout: 20_000 }),
		onError,
	});
	onTestFinished(() => sse.close());
	return serverEventBus(sse);
}

/** Subscribes, and records the events. */
function heard(bus: { subscribe(listener: (event: ServerEvent) => void): () => void }) {
	const events: ServerEvent[] = [];
	return { events, stop: bus.subscribe((event) => events.push(event)) };
}

test("the bus: every listener of every process gets all events in order, until it unsubscribes", async () => {
	const [one, other] = await Promise.all([busOn(broker.url), busOn(broker.url)]);
	const listeners = [heard(one), heard(one), heard(other)];
	const complaint = vi.spyOn(console, "error").mockReturnValue();
	onTestFinished(() => void vi.restoreAllMocks());
	one.subscribe(() => {
		throw new Error("a listener's own");
	});
	const updates = Array.from({ length: 20 }, (_, n): ServerEvent => {
		return { kind: "resource_updated", uri: `notes://${n}` };
	});
	for (const event of updates) one.publish(event);
	for (const { events } of listeners) {
		await until(() => events.length === updates.length, { what: "all events" });
		expect(events).toEqual(updates);
	}
	expect(complaint).toHaveBeenCalledWith(new Error("a listener's own"));
	const [first, second, third] = listeners;
	first?.stop();
	first?.stop();
	other.publish({ kind: "tools_list_changed" });
	for (const each of [second, third]) {
		await until(() => each?.events.length === 21, { what: "the last one" });
	}
	expect(first?.events).toEqual(updates);
});

test("the bus: an event published while a process has lost the broker arrives later", async () => {
	const own = await startRedis();
	const way = await tcpProxy(own);
	onTestFinished(async () => {
		await way.close();
		await own.stop();
	});
	const [away, there] = await Promise.all([busOn(`redis://127.0.0.1:${way.port}`), busOn(own.url)]);
	const [behind, ahead] = [heard(away), heard(there)];
	const publish = async (uri: string) => {
		const { length } = ahead.events;
		there.publish({ kind: "resource_updated", uri });
		await until(() => ahead.events.length > length, { what: "what was published" });
	};
	await publish("notes://before");
	await until(() => behind.events.length === 1, { what: "the first event" });
	way.refuse(true);
	way.cut();
	await publish("notes://meanwhile");
	expect(behind.events).toHaveLength(1);
	way.refuse(false);
	await until(() => behind.events.length === 2, { what: "what it missed" });
	expect(behind.events).toEqual(ahead.events);

	// Redis restarts empty, so anything may have changed.
	await own.restart();
	const kinds = () => behind.events.slice(2).map(({ kind }) => kind);
	await until(() => kinds().length >= 3, { what: "the change of everything" });
	expect(kinds().slice(0, 3)).toEqual([
		...["tools_list_changed", "prompts_list_changed", "resources_list_changed"],
	]);
});
