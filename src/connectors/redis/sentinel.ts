import { ConnectorError } from "../../core/errors.ts";
import { within } from "../shared/timeout.ts";
import { fields } from "./address.ts";
import { type NodeRedisOptions, nodeRedisDriver } from "./clients/node-redis.ts";
import { whereIs } from "./cluster/cluster.ts";
import type { AddressMap, NodeAddress } from "./cluster/options.ts";
import type { RedisDriver } from "./driver.ts";
import { toConnectorError, unanswered } from "./errors.ts";
import { assertMaster } from "./master.ts";

/**
 * node-redis' sentinel options that are used here.
 * https://github.com/redis/node-redis/blob/master/docs/sentinel.md
 */
export interface RedisSentinelOptions {
	/** The name of the group that the Sentinels watch. */
	name: string;
	sentinelRootNodes: readonly NodeAddress[];
	/** For the servers: `username`, `password`, `socket`. */
	nodeClientOptions?: NodeRedisOptions;
	/** For the Sentinels. */
	sentinelClientOptions?: NodeRedisOptions;
	nodeAddressMap?: AddressMap;
	// These have no effect here, and do no harm.
	RESP?: 2 | 3;
	modules?: object;
	functions?: object;
	scripts?: object;
	commandOptions?: object;
	keyPrefix?: string | Uint8Array;
	maxCommandRediscovers?: number;
	masterPoolSize?: number;
	replicaPoolSize?: number;
	scanInterval?: number;
	passthroughClientErrorEvents?: boolean;
	reserveClient?: boolean;
	clientSideCache?: unknown;
}

/** Connects to the server that the Sentinels now call master. */
export function sentinelDriver(options: RedisSentinelOptions): RedisDriver {
	const { name, sentinelRootNodes, nodeClientOptions = {} } = options;
	const group = `the Sentinel group ${name}`;
	let turn = 0;
	return {
		address: group,
		async open(events, timeout) {
			// Each attempt begins with another Sentinel: one that is cut off knows only an old master.
			const first = turn++ % sentinelRootNodes.length;
			const sentinels = [...sentinelRootNodes.slice(first), ...sentinelRootNodes.slice(0, first)];
			const master = await masterAsOf(sentinels, options, timeout);
			const socket = { ...fields(nodeClientOptions.socket), ...master };
			return nodeRedisDriver({ ...nodeClientOptions, socket }, group).open(events, timeout);
		},
		async check(link) {
			await assertMaster(group, () => link.command(["ROLE"]));
		},
	};
}

async function masterAsOf(
	sentinels: readonly NodeAddress[],
	{ name, nodeAddressMap, sentinelClientOptions = {} }: RedisSentinelOptions,
	timeout: number,
): Promise<NodeAddress> {
	const patience = timeout / sentinels.length;
	let failure: unknown;
	for (const { host, port } of sentinels) {
		const address = `the Sentinel ${host}:${port}`;
		const socket = { ...fields(sentinelClientOptions.socket), host, port };
		const driver = nodeRedisDriver({ ...sentinelClientOptions, socket }, address);
		const link = await driver.open(
			{ onMessage: ignore, onMoved: ignore, onLost: ignore },
			patience,
		);
		try {
			const asking = link
				.connect()
				.then(() => link.command(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]));
			const master = await within(asking, patience, () => unanswered(address, patience));
			if (Array.isArray(master)) return whereIs(master.join(":"), nodeAddressMap);
			// Final only if all of them say so: one may not have been told yet.
			failure ??= unknownGroup(address, name);
		} catch (error) {
			failure = toConnectorError(error, address);
		} finally {
			link.destroy();
		}
	}
	throw failure;
}

function ignore(): void {
	// A Sentinel's answer, or the error instead of it, says everything.
}

function unknownGroup(address: string, name: string): ConnectorError {
	const message = `${address} watches no group ${JSON.stringify(name)}. Check the name.`;
	return new ConnectorError("refused", message);
}
