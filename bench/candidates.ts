/** The programs that are measured: how each is started, and what it can do. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, isInstalled, outputOf, root } from "./harness/machine.ts";

export type Feed = "http" | "redis";

export interface Candidate {
	name: string;
	/** A few words that say what it is. */
	title: string;
	kind: "edge-sse" | "control" | "peer";
	command(place: Place): readonly string[];
	/** How messages can be published. The first is used for a workload that needs another one. */
	feeds: readonly Feed[];
	/** What it can do besides one channel: many channels, several on one connection, history. */
	can: readonly Ability[];
	/** The body of its `POST /publish` is the data alone, not JSON. */
	rawBody?: true;
	/** It cannot choose a free port by itself. */
	tellPort?: true;
	/** How many processes take its streams. Default 1. */
	processes?: number;
	/** How many relays have the clients, each of them the same program. The candidate is their root. Default 0. */
	relays?: number;
	/** It uses Redis in every workload. */
	broker?: "redis";
	/** How many clients it can have, because the descriptors are limited. */
	mostClients?: number;
	/** Says what is missing on this machine. Undefined: it can run. */
	missing?(): string | undefined;
}

export type Ability = "channels" | "several" | "history";

interface Place {
	/** A directory of its own, which is removed afterwards. */
	directory: string;
	port: number;
	/** The URL of the Redis that messages come from. */
	redis: string | undefined;
}

const both = ["http", "redis"] as const;
const everything = ["channels", "several", "history"] as const;

const node = (...args: string[]) => [join(bin, "node"), ...args];
const bun = (...args: string[]) => [join(bin, "bun"), ...args];
const deno = (...args: string[]) => [
	...[join(bin, "deno"), "run", "--no-prompt", "--allow-net", "--allow-env", "--allow-read"],
	...args,
];

/** The arguments that `npm start` gives to Node, with its flags. */
function startArguments(): string[] {
	const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	return scripts.start.replace(/^exec node /, "").split(" ");
}

function edgeSse(name: string, title: string, command: readonly string[]): Candidate {
	return { name, title, kind: "edge-sse", command: () => command, feeds: both, can: everything };
}

function control(name: string, title: string, command: readonly string[]): Candidate {
	return { name, title, kind: "control", command: () => command, feeds: both, can: ["channels"] };
}

function peer(name: string, title: string, command: readonly string[]): Candidate {
	return { name, title, kind: "peer", command: () => command, feeds: both, can: ["channels"] };
}

/** @param floor where the compiled floor is. */
export function candidates(floor: string): Candidate[] {
	return [
		{ ...control("c-floor", "C, epoll, one send per client", [floor]), feeds: ["http"], can: [] },

		edgeSse("node-hub", "edge-sse, `npm start`", node(...startArguments())),
		edgeSse("node-hub-20ms", "edge-sse, `npm start` with `SSE_FLUSH_EVERY=20`", [
			...["env", "SSE_FLUSH_EVERY=20"],
			...node(...startArguments()),
		]),
		edgeSse("node-hub-gzip", "edge-sse, `npm start` with `SSE_COMPRESS=true`", [
			...["env", "SSE_COMPRESS=true"],
			...node(...startArguments()),
		]),
		edgeSse("node-handler", "edge-sse, `toNodeHandler`", servers(node, "edge-sse", "node-handler")),
		edgeSse("node-server", "edge-sse, @hono/node-server", servers(node, "edge-sse", "node-server")),
		edgeSse("srvx", "edge-sse, srvx on Node", servers(node, "edge-sse", "srvx")),
		control("node-raw", "Node, `socket.write`, framed once", servers(node, "node-raw")),
		control("node-res", "Node, `response.write`", servers(node, "node-res")),
		control(
			"node-server-stream",
			"a stream on @hono/node-server",
			servers(node, "stream", "node-server"),
		),
		control("srvx-stream", "a stream on srvx on Node", servers(node, "stream", "srvx")),

		edgeSse("bun-hub", "edge-sse, `npm run start:bun`", bun("src/server/bun.ts")),
		edgeSse("bun-hub-gzip", "the same with `SSE_COMPRESS=true`", [
			...["env", "SSE_COMPRESS=true"],
			...bun("src/server/bun.ts"),
		]),
		edgeSse("bun", "edge-sse, Bun.serve", servers(bun, "edge-sse", "bun")),
		control("bun-direct", "a direct stream on Bun", servers(bun, "bun-direct")),
		control("bun-stream", "a stream on Bun", servers(bun, "stream", "bun")),

		edgeSse("deno-hub", "edge-sse, `npm run start:deno`", deno("src/server/deno.ts")),
		edgeSse("deno-hub-gzip", "the same with `SSE_COMPRESS=true`", [
			...["env", "SSE_COMPRESS=true"],
			...deno("src/server/deno.ts"),
		]),
		edgeSse("deno", "edge-sse, Deno.serve", servers(deno, "edge-sse", "deno")),
		control("deno-stream", "a stream on Deno", servers(deno, "stream", "deno")),

		...severalOf("node-hub", node(...startArguments())),
		...severalOf("bun-hub", bun("src/server/bun.ts")),
		...severalOf("deno-hub", deno("--allow-run", "src/server/deno.ts")),

		peer("better-sse", "better-sse, node:http", servers(node, "better-sse", "http")),
		peer("better-sse-fetch", "better-sse, fetch", servers(node, "better-sse", "fetch")),
		{ ...peer("hono-sse", "Hono streamSSE", servers(node, "hono-stream-sse")), feeds: ["redis"] },
		nchan,
		{ ...nchan, name: "nchan-redis", title: "nginx with nchan and Redis", broker: "redis" },
		flask,
		workerd,
	];
}

/** A hub of two processes, and a hub with relays. */
function severalOf(hub: string, command: readonly string[]): Candidate[] {
	const two = ["env", "SSE_PROCESSES=2", ...command];
	return [
		{ ...edgeSse(`${hub}-2`, "the same with `SSE_PROCESSES=2`", two), processes: 2 },
		{ ...edgeSse(`${hub}-relay`, "the same, and a relay with the clients", command), relays: 1 },
		{
			...edgeSse(`${hub}-relays`, "the same, and three relays with the clients", command),
			relays: 3,
		},
	];
}

type Runtime = (...args: string[]) => string[];

function servers(runtime: Runtime, name: string, ...args: string[]): string[] {
	return runtime(`bench/servers/${name}.ts`, ...args);
}

const nchan: Candidate = {
	name: "nchan",
	title: "nginx with nchan",
	kind: "peer",
	// It has its own format in Redis, so messages are published through it.
	feeds: ["http"],
	can: ["channels", "history"],
	rawBody: true,
	tellPort: true,
	command({ directory, port, redis }) {
		let text = readFileSync(join(root, "bench/servers/nchan.conf"), "utf8");
		if (redis !== undefined) text = text.replaceAll("# redis: ", "").replace("REDIS", redis);
		writeFileSync(join(directory, "nginx.conf"), text.replace("PORT", String(port)));
		return ["/usr/sbin/nginx", "-p", directory, "-c", "nginx.conf", "-e", "stderr"];
	},
	missing: () =>
		isInstalled("/usr/sbin/nginx", "/usr/lib/nginx/modules/ngx_nchan_module.so")
			? undefined
			: "apt-get install nginx libnginx-mod-nchan",
};

const flask: Candidate = {
	name: "flask-loop",
	title: "flask-sse's loop, gunicorn, gevent",
	kind: "peer",
	feeds: ["redis"],
	can: ["channels"],
	// A client takes two descriptors, and Redis accepts 10,000 connections.
	mostClients: 8_000,
	command: ({ directory }) => [
		...["/usr/bin/python3", "-B", "-m", "gunicorn", "--chdir", join(root, "bench/servers")],
		...["--bind", "127.0.0.1:0", "--workers", "1", "--worker-class", "gevent"],
		...["--worker-connections", "12000", "--worker-tmp-dir", directory, "flask_blueprint:app"],
	],
	missing: () =>
		outputOf("/usr/bin/python3", ["-c", "import flask, gevent, gunicorn, redis"]) === undefined
			? "apt-get install python3-flask gunicorn python3-gevent python3-redis"
			: undefined,
};

const workerd: Candidate = {
	name: "workerd-hub",
	title: "edge-sse, `npm run start:workers`: wrangler's proxy included",
	kind: "edge-sse",
	feeds: ["http"],
	can: ["channels"],
	mostClients: 4_000,
	command: ({ directory }) => node("scripts/start-workers.ts", "--persist-to", directory),
};
