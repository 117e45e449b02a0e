import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { Redis } from "ioredis";
import { freePort } from "./ports.ts";
import { answerFault, fail } from "./upstash-gateway/answers.ts";
import { Backend } from "./upstash-gateway/backend.ts";
import { type Behaviour, type Fault, wellBehaved } from "./upstash-gateway/behaviour.ts";
import { type Asked, asked, commandsOf, HttpError, targetOf } from "./upstash-gateway/protocol.ts";
import { EventStream } from "./upstash-gateway/stream.ts";

export interface GatewayOptions {
	/** The Redis behind it. */
	redis: string;
	token?: string;
	/** Whether a connection serves more than one request. Default: true. */
	keepAlive?: boolean;
}

export interface LoggedRequest {
	method: string;
	/** The request target as it was sent. */
	path: string;
	/** The commands of the request, once it was parsed. */
	commands: string[][];
	headers: IncomingMessage["headers"];
}

/** Starts a server that speaks Upstash's REST API in front of a real Redis. */
export async function startUpstashGateway(options: GatewayOptions): Promise<UpstashGateway> {
	const gateway = new UpstashGateway(options, await freePort());
	await gateway.start();
	return gateway;
}

/** @see https://upstash.com/docs/redis/features/restapi */
export class UpstashGateway implements AsyncDisposable {
	readonly token: string;
	readonly url: string;
	/** All requests, in order. */
	readonly requests: LoggedRequest[] = [];
	/** The subscribe requests that are open, the oldest first. */
	readonly streams = new Set<EventStream>();
	/** Billed commands so far: each one of a pipeline, and each SUBSCRIBE. */
	commands = 0;
	/** The largest number of subscribe requests that were open at one time. */
	maxOpenSubscribes = 0;
	#behaviour: Behaviour = wellBehaved;
	#faults: Fault[] = [];
	#paused: Promise<void> | undefined;
	#resume: () => void = () => undefined;
	#server: Server | undefined;
	#backend: Backend | undefined;
	readonly #redisUrl: string;
	readonly #keepAlive: boolean;
	readonly #port: number;

	constructor(options: GatewayOptions, port: number) {
		const { redis, token = "gateway-secret-token", keepAlive = true } = options;
		this.#redisUrl = redis;
		this.#keepAlive = keepAlive;
		this.#port = port;
		this.token = token;
		this.url = `http://127.0.0.1:${port}`;
	}

	/** PUBLISH commands since the last start. */
	get publishes(): number {
		return this.#backend?.publishes ?? 0;
	}

	get openSubscribes(): number {
		return this.streams.size;
	}

	/** How many connections are open, idle ones too. */
	connections(): Promise<number> {
		return new Promise((resolve, reject) => {
			if (this.#server === undefined) return resolve(0);
			this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
		});
	}

	/** Starts it, under the same address each time. */
	async start(): Promise<void> {
		this.#backend = new Backend(this.#redisUrl);
		this.#server = createServer((request, response) => {
			response.shouldKeepAlive = this.#keepAlive;
			this.#serve(request, response).catch((error: Error) => fail(response, error));
		});
		// After Node's 5 s a connection may be closed at the moment when it is used again.
		this.#server.keepAliveTimeout = 0;
		this.#server.listen(this.#port, "127.0.0.1");
		await once(this.#server, "listening");
	}

	/** Stops it abruptly, with every connection. Idempotent. */
	async stop(): Promise<void> {
		await this.resume();
		const server = this.#server;
		if (server === undefined) return;
		this.#server = undefined;
		const closed = once(server, "close");
		server.close();
		server.closeAllConnections();
		await closed;
		this.#backend?.close();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.stop();
	}

	/** Changes how streams are written. Options that are left out stay as they are. */
	behave(behaviour: Partial<Behaviour>): void {
		this.#behaviour = { ...this.#behaviour, ...behaviour };
	}

	fault(fault: Fault): void {
		this.#faults.push({ ...fault });
	}

	/** Removes all faults, and restores the default behaviour. */
	faultless(): void {
		this.#faults = [];
		this.#behaviour = wellBehaved;
	}

	/** Accepts connections and requests, and does not process them. */
	pause(): void {
		this.#paused ??= new Promise((resolve) => {
			this.#resume = resolve;
		});
	}

	/** Processes the requests whose clients still wait. */
	async resume(): Promise<void> {
		// The leave of a client is in the sockets' input, which is read first.
		for (let turn = 0; turn < 5; turn++) await nextTurn();
		this.#resume();
		this.#paused = undefined;
	}

	/** Ends every stream gracefully. */
	async endStreams(): Promise<void> {
		await Promise.all([...this.streams].map((stream) => stream.end()));
	}

	/** The streams that are open now stay open, and bring nothing any more. */
	muteStreams(): void {
		for (const stream of this.streams) stream.mute();
	}

	/** Sends a comment to every stream. */
	beat(): void {
		for (const stream of this.streams) stream.beat();
	}

	resetStreams(): void {
		for (const stream of this.streams) stream.reset();
	}

	async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { method = "", url = "", headers } = request;
		const entry: LoggedRequest = { method, path: url, commands: [], headers };
		this.requests.push(entry);
		const { delay: given, lag } = this.#behaviour;
		const ms = typeof given === "function" ? given() : given;
		if (ms > 0) await delay(ms);
		if (!["GET", "HEAD", "POST", "PUT"].includes(method)) throw new HttpError(405, "ERR method");
		const target = targetOf(request);
		if (target.token !== this.token) throw new HttpError(401, "Unauthorized");
		const wish = await asked(request, target);
		entry.commands = commandsOf(wish);
		await this.#paused;
		if (response.destroyed) return;

		const isSubscribe = "channel" in wish;
		const fault = this.#nextFault(isSubscribe ? "subscribe" : "command");
		if (fault !== undefined && fault.afterwards !== true) return answerFault(response, fault);
		this.commands += entry.commands.length;
		if (lag > 0) await delay(lag);
		if (isSubscribe) return this.#subscribe(wish, response);
		if (this.#backend === undefined) throw new Error("The gateway does not run.");
		const answer = await this.#backend.execute(wish, headers["upstash-encoding"] === "base64");
		if (fault !== undefined) return answerFault(response, fault);
		response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
	}

	#nextFault(kind: "subscribe" | "command"): Fault | undefined {
		const fault = this.#faults.find((each) => each.to === undefined || each.to === kind);
		if (fault?.times !== undefined) {
			fault.times -= 1;
			if (fault.times === 0) this.#faults = this.#faults.filter((each) => each !== fault);
		}
		return fault;
	}

	async #subscribe(
		{ kind, channel }: Extract<Asked, { channel: string }>,
		response: ServerResponse,
	): Promise<void> {
		const redis = new Redis(this.#redisUrl, { retryStrategy: null, enableReadyCheck: false });
		redis.on("error", () => undefined);
		const stream = new EventStream(response, redis, () => this.#behaviour);
		this.streams.add(stream);
		this.maxOpenSubscribes = Math.max(this.maxOpenSubscribes, this.streams.size);
		response.once("close", () => {
			const { leaveDelay } = this.#behaviour;
			if (leaveDelay === 0) this.streams.delete(stream);
			else setTimeout(() => this.streams.delete(stream), leaveDelay);
		});
		try {
			await stream.open(kind, channel);
		} catch (error) {
			// The client left during the setup, and the connection with it.
			if (!response.destroyed) throw error;
		}
	}
}
