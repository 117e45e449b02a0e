import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { build } from "esbuild";
import { Hono } from "hono";
import { memory } from "../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { healthCheck } from "../../src/server/health.ts";
import { health } from "../support/hub-client.ts";
import { root } from "../support/server.ts";
import { until } from "../support/wait.ts";
import type { Profile, Tab } from "./engines/engine.ts";

/** The hub, with pages that use `edge-sse/client`, and with faults on demand. */

export interface SceneOptions {
	/** Messages that are kept per channel; 0: there is no history. Default 100,000. */
	history?: number;
	/** Whether the hub sends everybody `sse.ping` instead of comments (default), or only clients that ask. */
	pings?: boolean;
	/** Default 8,000 ms. */
	keepAlive?: number;
}

export interface Scene {
	readonly url: string;
	readonly sse: ServerSentEvents;
	/**
	 * Requests for streams, the oldest first: the query, with `last-event-id` and `authorization` if they were
	 * sent.
	 */
	readonly requests: URLSearchParams[];
	/** Paths of scripts, in the order of their requests. */
	readonly scripts: string[];
	/** The page whose tab requested the last stream: its query. */
	asker: string | undefined;
	/** Answers the next requests for streams itself. */
	answer: ((query: URLSearchParams) => Response | undefined) | undefined;
	/** While on, messages on the open streams are lost. */
	mute(on: boolean): void;
	/** Breaks every stream. */
	cut(): void;
	/** Whether a page waits for `/hold`, which can make it hang. */
	readonly holds: boolean;
	/** Answers it. */
	release(): void;
	close(): Promise<void>;
}

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
	const { history = 100_000, pings = true, keepAlive = 8_000 } = options;
	const connector = history > 0 ? memory({ history: { maxLength: history } }) : memory();
	const sse = new ServerSentEvents({ connector, keepAlive, ping: pings, linger: 0 });
	const app = new Hono().get("/healthz", healthCheck(sse));
	const scripts = await bundle();
	const requests: URLSearchParams[] = [];
	const lines = new Set<Line>();
	let release: (() => void) | undefined;

	const stream = async (request: Request, host: unknown): Promise<Response> => {
		const query = new URL(request.url).searchParams;
		for (const name of ["last-event-id", "authorization"]) {
			const value = request.headers.get(name);
			if (value !== null) query.set(name, value);
		}
		requests.push(query);
		scene.asker = new URL(request.headers.get("referer") ?? request.url).search;
		const answer = scene.answer?.(query);
		if (answer !== undefined) return answer;
		const response = await sse.stream(request, { host });
		if (response.body === null) return response;
		const line = new Line();
		lines.add(line);
		return new Response(response.body.pipeThrough(line.transform), response);
	};

	const fetch = (request: Request, env: object): Response | Promise<Response> => {
		const { pathname } = new URL(request.url);
		if (pathname === "/page") return answerWith("text/html", page);
		const script = scripts.get(pathname);
		if (script !== undefined) {
			scene.scripts.push(pathname);
			return answerWith("text/javascript", script);
		}
		if (pathname === "/service-worker.js") return answerWith("text/javascript", serviceWorker);
		if (pathname === "/hold") {
			return new Promise((resolve) => {
				release = () => resolve(answerWith("text/plain", ""));
			});
		}
		return pathname === "/stream" ? stream(request, env) : app.fetch(request, env);
	};
	const server: ServerType = serve({ fetch, hostname: "127.0.0.1", port: 0 });
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;

	const scene: Scene = {
		url: `http://127.0.0.1:${port}`,
		sse,
		requests,
		scripts: [],
		asker: undefined,
		answer: undefined,
		mute: (on) => {
			for (const line of lines) line.muted = on;
		},
		cut: () => {
			for (const line of lines) line.cut();
			lines.clear();
		},
		get holds() {
			return release !== undefined;
		},
		release: () => {
			release?.();
			release = undefined;
		},
		close: async () => {
			const closed = once(server, "close");
			server.close();
			await sse.close();
			if ("closeAllConnections" in server) server.closeAllConnections();
			await closed;
		},
	};
	return scene;
}

/** One stream's path to its client. */
class Line {
	muted = false;
	readonly transform: TransformStream<Uint8Array, Uint8Array>;
	#controller: TransformStreamDefaultController<Uint8Array> | undefined;

	constructor() {
		this.transform = new TransformStream({
			start: (controller) => {
				this.#controller = controller;
			},
			transform: (chunk, controller) => {
				if (!this.muted) controller.enqueue(chunk);
			},
		});
	}

	cut(): void {
		this.#controller?.terminate();
	}
}

const page = `<!doctype html><title>client</title><script type="module">
	import { EventClient } from "/client.js";
	window.EventClient = EventClient;
	window.seen = [];
	window.gaps = [];
	window.states = [];
	window.errors = [];
	addEventListener("error", ({ message }) => errors.push(message));
	addEventListener("pageshow", ({ persisted }) => { window.persisted = persisted; });
	/** Listens to these types of a stream, and notes what is told. */
	window.listen = (url, options, ...types) => {
		const client = new EventClient(url, options);
		window.client = client;
		client.onState((state) => states.push(state));
		client.on("sse.gap", (gap) => gaps.push(gap));
		for (const type of types) client.on(type, (data) => seen.push(data));
	};
</script>`;

/** As on many sites: every request of the page passes through it, streams too, unless `?leave`. */
const serviceWorker = `
	const leaves = ({ headers }) => location.search === "?leave" && headers.get("accept") === "text/event-stream";
	addEventListener("install", () => skipWaiting());
	addEventListener("activate", (event) => event.waitUntil(clients.claim()));
	addEventListener("fetch", (event) => {
		if (!leaves(event.request)) event.respondWith(fetch(event.request));
	});
`;

function answerWith(type: string, body: string): Response {
	return new Response(body, { headers: { "content-type": type } });
}

/** The client's files, by their paths. */
async function bundle(): Promise<Map<string, string>> {
	const { outputFiles } = await build({
		entryPoints: [`${root}/src/client.ts`],
		bundle: true,
		splitting: true,
		outdir: "/",
		minify: true,
		format: "esm",
		target: "es2022",
		write: false,
	});
	return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

/** A new tab without listeners. */
export async function openTab<T extends Tab>(
	profile: Profile<T>,
	scene: Scene,
	query = "",
): Promise<T> {
	const tab = await profile.newPage();
	await tab.goto(`${scene.url}/page${query}`);
	await when(tab, "window.listen !== undefined");
	return tab;
}

/** Listens in a tab to messages of these channels, and waits until the stream is open. */
export async function listen(
	tab: Tab,
	channels: string | readonly string[],
	options: object = {},
): Promise<void> {
	const url = JSON.stringify(path(channels));
	await tab.evaluate(`listen(${url}, ${JSON.stringify(options)}, "message")`);
	await when(tab, 'client.state === "open"');
}

export function path(channels: string | readonly string[]): string {
	return `/stream?${new URLSearchParams([channels].flat().map((name) => ["channel", name]))}`;
}

/** Waits for a condition in a tab. Polled from outside, because a hidden tab's own timers are slow. */
export async function when(tab: Tab, condition: string): Promise<void> {
	try {
		await until(() => tab.evaluate<boolean>(condition), { what: condition, every: 20 });
	} catch (cause) {
		const told = "JSON.stringify({ seen, states, gaps, errors })";
		const it = await tab.evaluate<string>(told).catch(String);
		throw new Error(`${(cause as Error).message} ${it}`, { cause });
	}
}

/** What a tab was told so far. */
export async function seen<T = number>(tab: Tab): Promise<T[]> {
	return tab.evaluate<T[]>("seen");
}

/** Waits until the hub has this many streams. */
export async function connections(scene: Scene, count: number): Promise<void> {
	await until(async () => (await health(scene)).connections === count, {
		what: `${count} connections at the hub`,
	});
}
