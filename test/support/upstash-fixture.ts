import { afterAll, beforeAll } from "vitest";
import { type RedisServer, startRedis } from "./redis-server.ts";
import {
	type GatewayOptions,
	startUpstashGateway,
	type UpstashGateway,
} from "./upstash-gateway.ts";

/** A Redis, and Upstash's protocol in front of it. */
export interface UpstashFixture {
	readonly server: RedisServer;
	readonly gateway: UpstashGateway;
}

/** Starts both before the tests of a file, and stops them after these. */
export function useUpstash(options: Omit<GatewayOptions, "redis"> = {}): UpstashFixture {
	let server: RedisServer;
	let gateway: UpstashGateway;
	beforeAll(async () => {
		server = await startRedis();
		gateway = await startUpstashGateway({ redis: server.url, ...options });
	});
	afterAll(async () => {
		await gateway.stop();
		await server.stop();
	});
	return {
		get server() {
			return server;
		},
		get gateway() {
			return gateway;
		},
	};
}
