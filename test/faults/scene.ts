import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { type RedisOptions as ConnectorOptions, redis } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { type RedisOptions, type RedisServer, startRedis } from "../support/redis-server.ts";
import { type RuntimeName, type ServerProcess, startServer } from "../support/server.ts";
import { startHubInWorkerd } from "../support/worker.ts";
import { Client, type ClientOptions, type Seen } from "./client.ts";
import { isLong } from "./scale.ts";

/** What differs between the runtimes. */
export interface Runtime {
	name: RuntimeName;
	/** Whether its server closes a connection whose request does not end. */
	closesUnfinished: boolean;
	/**
	 * Whether its server can be told to close a connection whose client reads nothing, after the stream is
	 * over.
	 */
	closesUnread: boolean;
	/** Whether one upstream subscription serves every client. */
	sharesUpstream: boolean;
}

const timeout = isLong ? 15 * 60_000 : 240_000;

/** A test on hubs of its own. At its end the hubs must be healthy and have printed only known errors. */
export function fault(
	runtime: Runtime,
	title: string,
	body: (scene: Scene) => Promise<void>,
): void {
	it(title, { timeout }, async (test) => {
		const scene = new Scene(runtime);
		test.onTestFailed(() => console.error(`${runtime.name}: ${title}\n${scene.outputs()}`));
		try {
			await body(scene);
			await scene.expectWell();
		} finally {
			await scene.end();
		}
	});
}

/**
 * A hub prints its start lines, and errors that have a code: a line of JSON each. Anything else is an unhandled
 * rejection or exception of the runtime, or an unexpected error.
 */
const expected =
	/^$|^edge-sse: |^ {2}(?:http|curl )\S+|^\{"time":(?!.*"stack":)|^warn: Bun\.serve\(\) timed out/;
/** How hosts print the error that broke the stream of a slow client. */
const cutOff = /^\[?SseError: Client disconnected.*|^ *code: .slow_consumer.,?$|^\}$/;

/** What a program of this folder, whose hooks are broken on purpose, may not print. */
const alarm = /unhandled|uncaught|panicked|MaxListeners/i;

export class Scene {
	readonly runtime: Runtime;
	/** A channel name that no other test uses. */
	readonly channel: string = `faults.${randomBytes(4).toString("hex")}`;
	readonly #hubs = new Set<ServerProcess>();
	readonly #ended: ServerProcess[] = [];
	readonly #programs = new Set<ServerProcess>();
	readonly #cleanUps: (() => unknown)[] = [];

	constructor(runtime: Runtime) {
		this.runtime = runtime;
	}

	/** The hub as users start it. Its keep-alive keeps no connection open longer than necessary. */
	async hub(env: Record<string, string> = {}): Promise<ServerProcess> {
		const { name } = this.runtime;
		const settings = { SSE_LINGER: "50", ...env };
		const hub =
			name === "workers"
				? await startHubInWorkerd(settings)
				: await startServer(name, { env: settings });
		this.#hubs.add(hub);
		return hub;
	}

	/** A program of this folder, instead. */
	async program(file: string, env: Record<string, string> = {}): Promise<ServerProcess> {
		const { name } = this.runtime;
		const allowed = ["run", "--no-prompt", "--allow-net", "--allow-env", "--allow-read"];
		const program = [...(name === "deno" ? allowed : []), `test/faults/programs/${file}`];
		const server = await startServer(name, { program, env });
		this.#hubs.add(server);
		this.#programs.add(server);
		return server;
	}

	async redis(options?: RedisOptions): Promise<RedisServer> {
		const server = await startRedis(options);
		this.#cleanUps.push(() => server.stop());
		return server;
	}

	/** A publisher of another kind: this process. */
	publisher(url: string, options: ConnectorOptions = {}): ServerSentEvents {
		// This process is sometimes busy with its clients.
		const sse = new ServerSentEvents({ connector: redis(url, { timeout: 20_000, ...options }) });
		this.#cleanUps.push(() => sse.close());
		return sse;
	}

	open(
		hub: ServerProcess,
		channels: readonly string[],
		options?: ClientOptions,
		onEvent?: (event: Seen) => void,
	): Client {
		const client = new Client(hub, channels, options, onEvent);
		this.#cleanUps.push(() => client.close());
		return client;
	}

	/** A client whose stream has begun. On a busy machine the broker may be too late for the first one. */
	async stream(hub: ServerProcess, channels: readonly string[]): Promise<Client> {
		for (const end = performance.now() + 60_000; performance.now() < end; ) {
			const client = this.open(hub, channels);
			await client.opened();
			if (client.retries === 0) return client;
			client.close();
		}
		throw new Error(`No stream of ${channels} within 60 s: ${hub.output.slice(-500)}`);
	}

	/** A client that the test itself closes. */
	visit(hub: ServerProcess, channels: readonly string[], options?: ClientOptions): Client {
		return new Client(hub, channels, options);
	}

	use(server: { close(): unknown }): void {
		this.#cleanUps.push(() => server.close());
	}

	/** Ends a hub as an operator does. */
	async stop(hub: ServerProcess): Promise<void> {
		const code = await hub.stop();
		this.#hubs.delete(hub);
		this.#ended.push(hub);
		expect(code, "the exit code of a hub that was told to stop").toBe(0);
	}

	/** An unhandled rejection ends a process, or is at least printed. */
	async expectWell(): Promise<void> {
		// A Worker is not told that workerd ends.
		if (this.runtime.name !== "workers") for (const hub of this.#hubs) await this.stop(hub);
		for (const hub of [...this.#hubs, ...this.#ended]) {
			const isWrong = (line: string) =>
				this.#programs.has(hub) ? alarm.test(line) : !expected.test(line) && !cutOff.test(line);
			const lines = hub.output.split("\n");
			// Only the end of a long output is kept, which begins in the middle of a line.
			if (hub.output.length >= 100_000) lines.shift();
			expect(lines.filter(isWrong)).toEqual([]);
		}
	}

	async end(): Promise<void> {
		for (const cleanUp of this.#cleanUps.reverse()) await cleanUp();
		for (const hub of this.#hubs) await hub.kill();
	}

	outputs(): string {
		const hubs = [...this.#hubs, ...this.#ended];
		return hubs.map(({ output }) => output.slice(-3_000)).join("\n--\n");
	}
}
