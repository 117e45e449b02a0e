import { afterAll, beforeAll, expect } from "vitest";
import { type RedisServer, startRedis } from "../../support/redis-server.ts";
import { type ServerProcess, startServer } from "../../support/server.ts";
import type { Round, Subject } from "./rounds.ts";
import { type Exchange, exchange } from "./wire.ts";

/**
 * A hub as it is started, with Redis history, and publishing open to all, so that every body is read to its
 * end.
 */
export interface AttackedHub extends Subject {
	server: ServerProcess;
	redis: RedisServer;
}

/** One for the whole file. */
export function useHub(
	access: Record<string, string> = { SSE_PUBLISH_OPEN: "true" },
): () => AttackedHub {
	let hub: AttackedHub | undefined;
	beforeAll(async () => {
		const redis = await startRedis();
		const server = await startServer("node", {
			env: {
				REDIS_URL: redis.url,
				SSE_BROKER_TIMEOUT: "20000",
				SSE_HISTORY_LENGTH: "50",
				// What a stream leaves is cleared within its round.
				SSE_LINGER: "0",
				...access,
				SSE_RELAY_TOKEN: "a-token-that-strangers-do-not-have",
			},
		});
		const info = String(await redis.command("INFO", "server"));
		const broker = Number(/^process_id:(\d+)/m.exec(info)?.[1]);
		hub = {
			server,
			redis,
			hub: server.pid,
			others: [broker],
			port: Number(new URL(server.url).port),
		};
	});
	afterAll(async () => {
		await hub?.server.kill();
		await hub?.redis.stop();
	});
	return () => {
		if (hub === undefined) throw new Error("The hub has not started.");
		return hub;
	};
}

/** Requests of a round. */
const many = 3;

/** One after another, so that another request waits for at most one of them. */
export function oneByOne({ port }: Subject, make: (request: number) => Exchange): Round {
	return async (run, isRead) => {
		for (let at = 0; at < many; at++) {
			const answer = await exchange(port, make(run * many + at), isRead);
			expect(answer).not.toMatch(/^HTTP\/1\.1 5/);
		}
	};
}
