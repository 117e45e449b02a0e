import { EventSource } from "eventsource";
import { afterAll, beforeAll, type TestContext } from "vitest";
import { type EventStream, openSocketStream, openStream } from "../support/event-stream.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type RuntimeName, type Server, startServer } from "../support/server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { startHubInWorkerd } from "../support/worker.ts";

type Variables = Record<string, string>;

/** The differences between the runtimes that a client can see. */
export interface Runtime {
	name: RuntimeName;
	/** The name of the hub's own broker in its start line. */
	embedded: string;
	/** Headers that this host's own server adds to an event stream of a client that asks to `close`. */
	hostHeaders: readonly string[];
	/**
	 * Whether one upstream subscription serves every client. `false` on Workers, where I/O belongs to the
	 * request that opened it: each stream has a subscription of its own, and nothing lingers.
	 */
	sharesUpstream: boolean;
	/**
	 * Whether the process ends its streams before it exits. `false` on Workers: a Worker is not told that
	 * workerd ends. Its clients see the connection close, and an EventSource reconnects as well.
	 */
	endsStreams: boolean;
	/**
	 * Whether a client that leaves is noticed without a write. `false` on Workers: the keep-alive is the write
	 * that notices, so its interval is the bound.
	 */
	noticesDeparture: boolean;
}

/** What the tests of one runtime's file share: a Redis, and a hub for each broker. */
export class Fixture {
	readonly runtime: Runtime;
	#redis: RedisServer | undefined;
	#gateway: UpstashGateway | undefined;
	readonly #hubs = new Map<string, Server>();
	#byWrangler: Promise<Server> | undefined;

	constructor(runtime: Runtime) {
		this.runtime = runtime;
		beforeAll(() => this.#setUp());
		afterAll(() => this.#tearDown());
	}

	get redis(): RedisServer {
		return started(this.#redis, "Redis");
	}

	/** The shared hub on this broker. Every test has channels of its own there. */
	hub(broker: HubBroker): Server {
		return started(this.#hubs.get(broker), `the hub on ${broker}`);
	}

	/** The brokers whose hub is started as users start it. */
	get startedBrokers(): readonly Broker[] {
		return this.runtime.name === "workers" ? ["embedded"] : this.brokers;
	}

	/**
	 * The hub on this broker as users start it. On Workers that is wrangler, which takes seconds of processor
	 * time.
	 */
	started(broker: Broker): Promise<Server> {
		if (this.runtime.name !== "workers") return Promise.resolve(this.hub(broker));
		this.#byWrangler ??= startServer("workers");
		return this.#byWrangler;
	}

	get brokers(): readonly Broker[] {
		return ["embedded", "redis", "upstash"];
	}

	/** The brokers of the shared hubs. */
	get hubBrokers(): readonly HubBroker[] {
		return this.runtime.name === "workers" ? [...this.brokers, heldByWorker] : this.brokers;
	}

	brokerName(broker: HubBroker): string {
		return broker === "embedded" || broker === heldByWorker ? this.runtime.embedded : broker;
	}

	/** Variables for a hub on the shared Redis. It tests no outage, and a busy machine must not fail a test. */
	get onRedis(): Variables {
		return { SSE_REDIS_URL: this.redis.url, SSE_BROKER_TIMEOUT: "20000" };
	}

	/** Upstash's protocol in front of the shared Redis. */
	get gateway(): UpstashGateway {
		return started(this.#gateway, "the gateway");
	}

	/** Variables for a hub on the gateway. */
	get #onUpstash(): Variables {
		const { url, token } = this.gateway;
		return {
			...{ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token },
			SSE_BROKER_TIMEOUT: "20000",
		};
	}

	async #setUp(): Promise<void> {
		const { name, noticesDeparture } = this.runtime;
		this.#redis = await startRedis();
		this.#gateway = await startUpstashGateway({ redis: this.#redis.url });
		const brokers: Record<HubBroker, Variables> = {
			embedded: {},
			[heldByWorker]: { SSE_HOLD: "worker" },
			redis: this.onRedis,
			upstash: this.#onUpstash,
		};
		// No keep-alive within a test's time: a client that left is freed because the hub noticed.
		const keepAlive = noticesDeparture ? "600000" : "300";
		const env = { SSE_LINGER: "50", SSE_KEEP_ALIVE: keepAlive };
		await Promise.all(
			this.hubBrokers.map(async (broker) => {
				const settings = { ...env, ...brokers[broker] };
				const hub =
					name === "workers"
						? await startHubInWorkerd(settings)
						: await startServer(name, { env: settings });
				this.#hubs.set(broker, hub);
			}),
		);
	}

	async #tearDown(): Promise<void> {
		await Promise.all([...this.#hubs.values()].map((hub) => hub.kill()));
		await this.#byWrangler?.then((hub) => hub.kill());
		await this.#gateway?.[Symbol.asyncDispose]();
		await this.#redis?.stop();
	}

	/** The tools of one test. What it opens is closed when the test is over, and a failure shows the output. */
	scene(test: TestContext): Scene {
		return new Scene(test, this);
	}

	outputs(): string[] {
		return [...this.#hubs].map(([broker, hub]) => `the hub on ${broker}:\n${tail(hub)}`);
	}
}

export type Broker = "embedded" | "redis" | "upstash";

/** On Workers: the embedded broker, whose streams the Worker holds. */
export const heldByWorker = "embedded, held by the Worker";
export type HubBroker = Broker | typeof heldByWorker;

let scenes = 0;

export class Scene {
	/** A channel that no other test uses, on any broker. */
	readonly channel: string;
	readonly #test: TestContext;
	readonly #fixture: Fixture;
	readonly #servers: Server[] = [];

	constructor(test: TestContext, fixture: Fixture) {
		this.#test = test;
		this.#fixture = fixture;
		this.channel = `${fixture.runtime.name}.${process.pid}.${++scenes}`;
		test.onTestFailed(() => {
			const outputs = [...fixture.outputs(), ...this.#servers.map((server) => tail(server))];
			console.error(`${test.task.name}\n${outputs.join("\n--\n")}`);
		});
	}

	/** A stream opened with `fetch`. */
	async open(url: string, headers?: Record<string, string>): Promise<EventStream> {
		const stream = await openStream(url, headers);
		this.#test.onTestFinished(() => stream.close());
		return stream;
	}

	/** A stream on a socket of its own. */
	async openSocket(url: string, options?: Parameters<typeof openSocketStream>[1]) {
		const stream = await openSocketStream(url, options);
		this.#test.onTestFinished(() => stream.close());
		return stream;
	}

	/** An EventSource, as in a page. */
	eventSource(url: string): EventSource {
		const source = new EventSource(url);
		this.#test.onTestFinished(() => source.close());
		return source;
	}

	/** A hub of this runtime with settings of its own. */
	async hub(env: Variables): Promise<Server> {
		const { name } = this.#fixture.runtime;
		return this.use(
			name === "workers" ? await startHubInWorkerd(env) : await startServer(name, { env }),
		);
	}

	/** A Redis that only this test uses, to be killed. */
	async redis(): Promise<RedisServer> {
		const redis = await startRedis();
		this.#test.onTestFinished(() => redis.stop());
		return redis;
	}

	/** Ends a server that the test started itself when the test is over. */
	use(server: Server): Server {
		this.#servers.push(server);
		this.#test.onTestFinished(() => server.kill());
		return server;
	}
}

function tail(server: Server): string {
	return server.output.slice(-3_000);
}

function started<T>(value: T | undefined, what: string): T {
	if (value === undefined) throw new Error(`${what} has not been started.`);
	return value;
}
