import type { ChildProcess } from "node:child_process";
import type { ServerHub } from "../create.ts";
import type { Settings } from "../settings.ts";

/** A server that accepts connections. */
export interface Listening {
	/** The port. The system has chosen it where `PORT` is 0. */
	port: number;
	/** Accepts no more connections. Open ones go on. */
	refuse(): void;
	/** Closes the server's connections, once all streams have ended. */
	stop(): Promise<void>;
}

/** What is served. */
export type Served = Pick<ServerHub, "fetch" | "requestFilter" | "unfilteredFetch"> & {
	settings: Pick<Settings, "host" | "port"> & Partial<Pick<Settings, "cors">>;
};

/**
 * Serves the hub on its runtime. Rejects when it cannot listen.
 *
 * @param isShared whether it is one of several processes, which share the port.
 */
export type Listen = (hub: Served, isShared?: boolean) => Promise<Listening>;

/** Starts this program once more, as a child that can exchange messages with this process. */
export type Fork = (args: readonly string[], environment: Record<string, string>) => ChildProcess;

/** The port of several processes, in their parent. */
export interface SharedPort {
	readonly port: number;
	/** Gives a child its share of the connections from now on. */
	add(child: ChildProcess): void;
	/** Gives a child no more connections. */
	remove(child: ChildProcess): void;
	/** Accepts no more connections. */
	close(): void;
}

/** What the hub needs of its runtime. */
export interface Runtime {
	listen: Listen;
	fork: Fork;
	/**
	 * Finds the port for several processes. Rejects when nobody can listen on it.
	 *
	 * @param mostHeld how many connections the parent may hold that no child has yet.
	 */
	share(port: number, host: string, mostHeld: number): Promise<SharedPort>;
}
