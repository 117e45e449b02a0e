import { loadNodeRedis } from "../connectors/redis/clients/node-redis.ts";
import { ConfigurationError } from "../core/errors.ts";
import { createHub, type ServerHub } from "./create.ts";
import { nearMisses } from "./near-misses.ts";
import { exitWith, onShutdown } from "./process.ts";
import type { Environment } from "./variables.ts";

/** A server that accepts connections. */
export interface Listening {
	/** The port. Where `PORT` is 0, the system has chosen it. */
	port: number;
	/** Closes the server's connections, once all streams have ended. */
	stop(): Promise<void>;
}

/** Serves the hub on its runtime. Rejects when it cannot listen. */
export type Listen = (hub: ServerHub) => Promise<Listening>;

/** What a command adds to the start of the hub. */
export interface StartHooks {
	/** Called after the hub has printed its address. */
	onOpen?(hub: ServerHub, port: number): void;
	/** Says why it could not start, in the command's own words. */
	explain?(error: unknown): unknown;
}

/**
 * The hub as a process: it listens, prints its address, and ends on a signal. A process that
 * cannot start exits with 1.
 */
export async function start(
	environment: Environment,
	listen: Listen,
	{ onOpen, explain }: StartHooks = {},
): Promise<void> {
	try {
		for (const problem of nearMisses(environment)) console.error(`edge-sse: ${problem}`);
		const hub = createHub(environment);
		// Now, and not while the first client waits, on a time limit that is meant for Redis.
		if (hub.broker === "redis") await loadNodeRedis();
		const server = await listen(hub).catch((error: unknown) => {
			throw listenError(error, hub.settings);
		});
		onShutdown(async () => {
			// It still listens: a load balancer learns from /readyz, and clients from streams that tell
			// them to reconnect.
			await hub.close();
			await server.stop();
		});
		console.log(hub.announce(server.port));
		onOpen?.(hub, server.port);
	} catch (error) {
		exitWith(explain?.(error) ?? error);
	}
}

/** What most often keeps a server from listening, in words that say what to do. */
function listenError(error: unknown, { host, port }: ServerHub["settings"]): unknown {
	// The second is Deno's way to say it.
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
