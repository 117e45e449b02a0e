import { afterAll, beforeAll } from "vitest";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";

export interface Upstash {
	/** Available once the file's tests run. */
	readonly gateway: UpstashGateway;
	/** The variables by which examples find it. */
	readonly env: Record<string, string>;
}

/** Upstash's protocol in front of a real Redis, for all tests of a file. */
export function useUpstash(): Upstash {
	let redis: RedisServer | undefined;
	let started: UpstashGateway | undefined;
	beforeAll(async () => {
		redis = await startRedis();
		started = await startUpstashGateway({ redis: redis.url });
	});
	afterAll(async () => {
		await started?.[Symbol.asyncDispose]();
		await redis?.stop();
	});
	return {
		get gateway() {
			if (started === undefined) throw new Error("The gateway is not there yet.");
			return started;
		},
		get env() {
			const { url, token } = this.gateway;
			return {
				...{ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token },
				SSE_BROKER_TIMEOUT: "20000",
			};
		},
	};
}
