import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { Redis } from "ioredis";
import { freePort } from "./ports.ts";
import { type Behaviour, type Fault, wellBehaved } from "./upstash-gateway/behaviour.ts";
import { type Asked, asked, HttpError, resultOf, targetOf } from "./upstash-gateway/protocol.ts";
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
	/** PUBLISH commands since the last start. */
	publishes = 0;
	/** The largest number of subscribe requests that were open at one time. */
	maxOpenSubscribes = 0;
	#behaviour: Behaviour = wellBehaved;
	#faults: Fault[] = [];
	#paused: Promise<void> | undefined;
	#resume: () => void = () => undefined;
	#server: Server | undefined;
	#redis: Redis | undefined;
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
		this.publishes = 0;
		this.#redis = this.#connect();
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
		this.#redis?.disconnect();
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

	#connect(): Redis {
		const redis = new Redis(this.#redisUrl, { maxRetriesPerRequest: 0, retryStrategy: () => 50 });
		// Every command that fails reports it itself.
		redis.on("error", () => undefined);
		return redis;
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
		const answer = await this.#execute(wish, headers["upstash-encoding"] === "base64");
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

	async #execute(wish: Exclude<Asked, { channel: string }>, base64: boolean): Promise<unknown> {
		if (wish.kind === "command") return { result: resultOf(await this.#run(wish.command), base64) };
		if (wish.kind === "pipeline") {
			const results: unknown[] = [];
			for (const command of wish.commands) {
				results.push(
					await this.#run(command).then(
						(reply) => ({ result: resultOf(reply, base64) }),
						(error: Error) => ({ error: error.message }),
					),
				);
			}
			return results;
		}
		const transaction = this.#open().multi();
		for (const [name = "", ...args] of wish.commands) transaction.callBuffer(name, ...args);
		const replies = (await transaction.exec()) ?? [];
		return replies.map(([error, reply]) =>
			error ? { error: error.message } : { result: resultOf(reply, base64) },
		);
	}

	async #run([name = "", ...args]: string[]): Promise<unknown> {
		if (/^p?s?(un)?subscribe$/i.test(name))
			throw new HttpError(400, `ERR ${name} is not available`);
		if (/^publish$/i.test(name)) this.publishes += 1;
		return this.#open().callBuffer(name, ...args);
	}

	#open(): Redis {
		if (this.#redis === undefined) throw new Error("The gateway does not run.");
		return this.#redis;
	}
}

function commandsOf(wish: Asked): string[][] {
	if (wish.kind === "command") return [wish.command];
	return "commands" in wish ? wish.commands : [[wish.kind, wish.channel]];
}

function answerFault(response: ServerResponse, fault: Fault): void {
	if (fault.status === "reset") {
		response.socket?.resetAndDestroy();
		return;
	}
	if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
	response.writeHead(fault.status, { "content-type": "application/json" });
	response.end(fault.body ?? JSON.stringify({ error: fault.error ?? "a fault, as ordered" }));
}

function fail(response: ServerResponse, error: Error): void {
	if (response.headersSent || response.destroyed) {
		response.destroy();
		return;
	}
	// An error reply of Redis is the client's fault; any other error is ours.
	const status =
		error instanceof HttpError ? error.status : error.name === "ReplyError" ? 400 : 500;
	response.writeHead(status, { "content-type": "application/json" });
	response.end(JSON.stringify({ error: error.message }));
}
