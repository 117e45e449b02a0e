/**
 * The hub for Workers as it is deployed, with routes for a test: what its objects hold and keep, an end for one
 * of them, and messages of a publisher that stores nothing.
 */
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { durableObject } from "../../../src/durable-object/connector.ts";
import hub, { SseChannel as Channel } from "../../../src/server/worker.ts";
import { type Counts, countMemory } from "../../connectors/fixtures/counted.ts";
import { runRoutes } from "./run-routes.ts";

const counts: Counts = { publishes: 0, held: new Map() };
countMemory(counts);

export class SseChannel extends Channel {
	/** With a log of all that was ever stored, confirmed or not, trimmed or not. */
	override async publish(...args: Parameters<Channel["publish"]>) {
		const reply = await super.publish(...args);
		// Within the turn in which it was stored. The object's first publish makes both tables.
		const { sql } = this.ctx.storage;
		sql.exec("CREATE TABLE IF NOT EXISTS log (ms, seq, payload, PRIMARY KEY (ms, seq))");
		const newest = "SELECT ms, seq FROM log ORDER BY ms DESC, seq DESC LIMIT 1";
		const [{ ms = 0, seq = 0 } = {}] = sql.exec(newest).toArray();
		const news = "SELECT ms, seq, payload FROM sse_history WHERE (ms, seq) > (?, ?)";
		if ("id" in reply) sql.exec(`INSERT INTO log ${news}`, ms, seq);
		return reply;
	}

	/** From the log, without the library. */
	async kept(after: string): Promise<{ id: string; text: string }[]> {
		const [ms = "", seq = ""] = after.split("-");
		const query = "SELECT * FROM log WHERE (ms, seq) > (?, ?) ORDER BY ms, seq LIMIT 200";
		const rows = this.ctx.storage.sql.exec(query, Number(ms), Number(seq)).toArray();
		return rows
			.filter(({ payload }) => payload !== null)
			.map(({ ms, seq, payload }) => ({
				id: `${ms}-${seq}`,
				text: (JSON.parse(String(payload)) as { data: string }).data,
			}));
	}

	/** Of Workers that hold streams. */
	async sockets(): Promise<number> {
		return this.ctx.getWebSockets().filter(({ readyState }) => readyState === 1).length;
	}

	async evict(channel: string): Promise<void> {
		counts.held.delete(channel);
		this.ctx.abort("The test ends this object.");
	}
}

/** Channels whose objects were ever asked. */
const names = new Set<string>();

const objectOf = (namespace: Bindings["SSE"], channel: string) =>
	namespace.get(namespace.idFromName(channel) as never) as SseChannel;

let runs: ReturnType<typeof runRoutes> | undefined;

type Bindings = Parameters<typeof hub.fetch>[1];

interface Context {
	waitUntil(work: Promise<unknown>): void;
}

export default {
	async fetch(request: Request, bindings: Bindings, context: Context): Promise<Response> {
		const { SSE } = bindings;
		const { pathname, searchParams } = new URL(request.url);
		const channel = searchParams.get("channel") ?? "";
		const object = () => objectOf(SSE, channel);
		if (pathname.startsWith("/runs/")) {
			runs ??= runRoutes(
				new ServerSentEvents({ connector: durableObject(SSE, { history: {} }), keepAlive: 500 }),
			);
			return runs(request, bindings, (work) => context.waitUntil(work));
		}
		switch (pathname) {
			case "/healthz": {
				for (const name of counts.held.keys()) names.add(name);
				const sockets = [...names].map((name) => objectOf(SSE, name).sockets());
				const subscribed = [
					...[...counts.held.values()].map(({ size }) => size),
					...(await Promise.all(sockets)),
				];
				const held = subscribed.reduce((sum, count) => sum + count, 0);
				return Response.json({ status: "ok", connections: held, channels: held });
			}
			case "/kept":
				return Response.json(await object().kept(searchParams.get("after") ?? ""));
			case "/evict":
				// The call fails when its object ends.
				await object().evict(channel).catch(String);
				return new Response();
			case "/noise":
				await durableObject(SSE).publish(channel, await request.text());
				return new Response();
		}
		return hub.fetch(request, bindings, context);
	},
};
