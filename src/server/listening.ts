import { loadNodeRedis } from "../connectors/redis/clients/node-redis.ts";
import { ConfigurationError } from "../core/errors.ts";
import { createHub, type ServerHub } from "./create.ts";
import type { Runtime } from "./listen/runtime.ts";
import { nearMisses } from "./near-misses.ts";
import { exitWith, onShutdown } from "./process.ts";
import { isChild, serveAsChild } from "./processes/child-process.ts";
import { processCount, processors } from "./processes/count.ts";
import { serveInChildren } from "./processes/parent.ts";
import type { Environment } from "./variables.ts";

/** What a command adds to the start of the hub. */
export interface StartHooks {
	/** Called after the hub has printed its address. */
	onOpen?(hub: ServerHub, port: number): void;
	/** The arguments that start this program as a child. The command's options reach it as variables. */
	args?: readonly string[];
	/** Makes the error that is printed when the hub cannot start. */
	explain?(error: unknown): unknown;
}

/**
 * Runs the hub as one process, or as several. It listens, prints its address, and ends on a signal. If it cannot start,
 * the process exits with 1.
 */
export async function start(
	environment: Environment,
	runtime: Runtime,
	{ onOpen, explain, args = [] }: StartHooks = {},
): Promise<void> {
	if (isChild()) return serveAsChild(runtime.listen, listenError);
	try {
		for (const problem of nearMisses(environment)) console.error(`edge-sse: ${problem}`);
		const hub = createHub(environment);
		const count = processCount(hub.settings);
		const port = await (count === 1
			? serve(hub, runtime)
			: serveInChildren(hub, environment, { ...runtime, args, count })
		).catch((error: unknown) => {
			throw listenError(error, hub.settings);
		});
		console.log(hub.announce(port));
		if (count > 1) console.log(inWords(count));
		onOpen?.(hub, port);
	} catch (error) {
		exitWith(explain?.(error) ?? error);
	}
}

/** @returns the port. */
async function serve(hub: ServerHub, { listen }: Runtime): Promise<number> {
	// Loaded later, the library would take part of the first client's time limit, which is meant for Redis.
	if (hub.broker === "redis") await loadNodeRedis();
	const server = await listen(hub);
	onShutdown(async () => {
		// The hub still listens meanwhile, so that /readyz tells a load balancer, and streams tell clients to reconnect.
		await hub.close();
		await server.stop();
	});
	return server.port;
}

function inWords(count: number): string {
	const most = processors();
	const line = `edge-sse: ${count} processes share this address.`;
	return count <= most
		? line
		: `${line} More than the ${most} processors here gain nothing: SSE_PROCESSES=auto has one for each.`;
}

/** Explains the errors that most often keep a server from listening, and says what to do. */
function listenError(error: unknown, { host, port }: ServerHub["settings"]): unknown {
	// Deno's errors have a name instead of a code.
	const { code, name } = error as { code?: unknown; name?: unknown };
	if (code === "EADDRINUSE" || name === "AddrInUse") {
		return new ConfigurationError(
			`PORT ${port} is taken by another program on ${host}: choose another one, or 0 for any that is free.`,
		);
	}
	if (code === "EACCES" || name === "PermissionDenied") {
		return new ConfigurationError(
			`PORT ${port} is not for this user to listen on: choose one above 1023, or 0 for any that is free.`,
		);
	}
	if (code === "EADDRNOTAVAIL" || name === "AddrNotAvailable") {
		return new ConfigurationError(
			`HOST ${host} is no address of this machine: choose 127.0.0.1, or 0.0.0.0 for all of its addresses.`,
		);
	}
	return error;
}
