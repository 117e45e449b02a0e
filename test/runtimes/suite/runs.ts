import { afterAll, beforeAll, expect, it } from "vitest";
import { storageDirectory } from "../../support/directories.ts";
import { type Call, call, json } from "../../support/hub-client.ts";
import type { Server } from "../../support/server.ts";
import { later, until } from "../../support/wait.ts";
import type { Broker, Fixture, Scene } from "../fixture.ts";

/**
 * Starts `runs-app.ts` of the fixtures.
 *
 * @param storage where its own broker keeps what outlives the process, if it keeps anything.
 */
export type StartRuns = (env: Record<string, string>, storage?: string) => Promise<Server>;

/** A run of one test, on two processes. */
class Run {
	readonly id = crypto.randomUUID();
	readonly #broker: Broker;

	constructor(broker: Broker) {
		this.#broker = broker;
	}

	url(server: Server, what = "stream", query: Record<string, string> = {}): string {
		return `${server.url}/${this.#broker}/${what}?${new URLSearchParams({ id: this.id, ...query })}`;
	}

	async ask<T = unknown>(server: Server, what: string, query: Record<string, string> = {}) {
		const asked: Call = { method: "POST" };
		return json<T>(await call(this.url(server, what, query), asked));
	}

	async messages(server: Server): Promise<number> {
		const status = await this.ask<{ messages: number } | null>(server, "status");
		return status?.messages ?? 0;
	}

	/** As a page that loads, or with a cursor as one that comes back. */
	open(scene: Scene, server: Server, cursor?: string) {
		const headers = cursor === undefined ? {} : { "last-event-id": cursor };
		return scene.openSocket(this.url(server), { headers });
	}
}

const textOf = (count: number) => Array.from({ length: count }, (_, n) => `word${n} `).join("");
const said = ({ events }: { events: readonly { event?: string | undefined; data: string }[] }) =>
	events.filter(({ event }) => event === undefined).map(({ data }) => data);

/** Runs: their beginning, their readers, and each of their ends. */
export function runs(fixture: Fixture, start: StartRuns): void {
	const servers: Server[] = [];
	const env = () => ({
		RUNS_REDIS_URL: fixture.redis.url,
		RUNS_UPSTASH_URL: fixture.gateway.url,
		RUNS_UPSTASH_TOKEN: fixture.gateway.token,
	});
	beforeAll(async () => {
		servers.push(...(await Promise.all([start(env()), start(env())])));
	});
	afterAll(async () => {
		await Promise.all(servers.map((server) => server.kill()));
		// A killed producer, and a process that takes its readers along, are no errors of the others.
		for (const { output } of servers)
			expect(output).not.toMatch(/reported|warning|hung|unhandled/i);
	});
	/** The producer's process and the readers' process. Each has an embedded broker of its own. */
	const processes = (broker: Broker): [Server, Server] => {
		const [one, other] = servers as [Server, Server];
		return broker === "embedded" ? [one, one] : [one, other];
	};
	const scene = (test: Parameters<Fixture["scene"]>[0]): Scene => {
		test.onTestFailed(() => {
			for (const { output } of servers) console.error(output.slice(-3_000));
		});
		return fixture.scene(test);
	};

	it.for(fixture.brokers)(
		"a run is the same for new readers, reloads and returns, and then 204: %s",
		async (broker, t) => {
			const here = scene(t);
			const [one, other] = processes(broker);
			const run = new Run(broker);
			// A reader waits for it before it begins.
			const early = later(run.open(here, other));
			const words = { words: "60" };
			expect(await run.ask(one, "start", words)).toEqual({ role: "producer" });
			expect(await run.ask(other, "start", words)).toEqual({ role: "reader" });
			const leaver = await run.open(here, other);
			const { id: cursor = "" } = await leaver.event(3);
			const before = said(leaver).slice(0, 3);
			leaver.close();
			const [whole, rest] = [await run.open(here, other), await run.open(here, one, cursor)];
			const streams = [await early, whole, rest];
			for (const stream of streams) await stream.end();
			for (const stream of streams) {
				expect(stream.state).toBe("ended");
				expect(stream.events.at(-1)).toMatchObject({
					event: "sse.end",
					data: '{"status":"done"}',
				});
			}
			expect(said(await early).join("")).toBe(textOf(60));
			expect(said(whole).join("")).toBe(textOf(60));
			expect([...before, ...said(rest)].join("")).toBe(textOf(60));
			const end = whole.events.at(-1)?.id ?? "";
			expect((await run.open(here, other, end)).status).toBe(204);
			expect((await run.open(here, one, end)).status).toBe(204);
			const late = await run.open(here, one);
			await late.end();
			expect(said(late).join("")).toBe(textOf(60));
			expect(late.events.at(-1)?.event).toBe("sse.end");
		},
	);

	it.for(fixture.brokers)("a cancel reaches a producer that is silent: %s", async (broker, t) => {
		const here = scene(t);
		const [one, other] = processes(broker);
		const run = new Run(broker);
		await run.ask(one, "start", { words: "2", ends: "false" });
		const reader = await run.open(here, other);
		await reader.when(() => said(reader).join("") === textOf(2), "all words");
		const stop = async (origin: string) => {
			const headers = { origin };
			return (await call(run.url(other, "cancel"), { method: "POST", headers })).status;
		};
		expect(await stop("https://evil.example")).toBe(403);
		expect(await stop(other.url)).toBe(202);
		await reader.end();
		expect(reader.events.at(-1)).toMatchObject({
			event: "sse.end",
			data: '{"status":"cancelled","reason":"stop"}',
		});
		expect(await run.ask(other, "cancel")).toEqual({ status: "cancelled" });
		expect(await run.ask(other, "snapshot")).toMatchObject({
			status: "cancelled",
			text: textOf(2),
		});
	});

	it.for(fixture.brokers)(
		"a producer in steps says what each of them says: %s",
		async (broker, t) => {
			const here = scene(t);
			const [one, other] = processes(broker);
			const run = new Run(broker);
			const { lease } = await run.ask<{ lease: string }>(one, "start-steps");
			const reader = await run.open(here, other);
			// Requests of two processes, and several of one at a time.
			for (const [at, server] of [one, other, one].entries()) {
				expect(await run.ask(server, "append", { lease, chunk: `${at} ` })).toEqual({});
			}
			const several = ["a", "b", "c", "d"];
			await Promise.all(several.map((chunk) => run.ask(one, "append", { lease, chunk })));
			expect(await run.ask(one, "append", { lease: "another's", chunk: "x" })).toEqual({
				code: "superseded",
			});
			await run.ask(other, "finish", { lease });
			await reader.end();
			const chunks = said(reader);
			expect(chunks.slice(0, 3)).toEqual(["0 ", "1 ", "2 "]);
			expect(chunks.slice(3).toSorted()).toEqual(several);
			expect(reader.events.at(-1)).toMatchObject({ event: "sse.end", data: '{"status":"done"}' });
		},
	);

	// What is only in the memory of a process ends with it.
	const outliving = fixture.brokers.filter((broker) => fixture.brokerName(broker) !== "memory");
	it.for(outliving)("readers of a killed producer are told `lost`: %s", async (broker, t) => {
		const here = scene(t);
		const storage = broker === "embedded" ? storageDirectory() : undefined;
		const killed = here.use(await start(env(), storage));
		// An object that ends with the process takes its readers along, and they come back.
		const survivor = () =>
			storage === undefined ? processes(broker)[1] : start(env(), storage).then((s) => here.use(s));
		const run = new Run(broker);
		await run.ask(killed, "start", { words: "10000" });
		const reader = await run.open(here, storage === undefined ? processes(broker)[1] : killed);
		await reader.event(5);
		await killed.kill();
		if (storage !== undefined) await reader.end();
		const server = await survivor();
		const back = await run.open(here, server, reader.events.at(-1)?.id);
		await back.end();
		expect(back.events.at(-1)).toMatchObject({ event: "sse.end", data: '{"status":"lost"}' });
		if (storage === undefined) await reader.end();
		const all = await run.open(here, server);
		await all.end();
		const text = said(all).join("");
		// Words that were sent together are one message.
		expect(text).toBe(textOf(text.split(" ").length - 1));
		expect(said(all)).toHaveLength(await run.messages(server));
		const come = storage === undefined ? said(reader) : [...said(reader), ...said(back)];
		expect(come.join("")).toBe(text);
		await until(async () => (await run.open(here, server, all.events.at(-1)?.id)).status === 204, {
			what: "204 behind the end",
		});
	});
}
