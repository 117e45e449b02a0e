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

/**
 * The hub as a process: it listens, prints its address, and ends on a signal. A process that
 * cannot start exits with 1.
 *
 * @param onOpen called after it has printed its address.
 */
export async function start(
	environment: Environment,
	listen: Listen,
	onOpen: (hub: ServerHub, port: number) => void = () => undefined,
): Promise<void> {
	try {
		for (const problem of nearMisses(environment)) console.error(`edge-sse: ${problem}`);
		const hub = createHub(environment);
		const server = await listen(hub);
		onShutdown(async () => {
			// It still listens: a load balancer learns from /readyz, and clients from streams that tell
			// them to reconnect.
			await hub.close();
			await server.stop();
		});
		console.log(hub.announce(server.port));
		onOpen(hub, server.port);
	} catch (error) {
		exitWith(error);
	}
}
