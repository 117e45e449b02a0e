import { afterAll, beforeAll } from "vitest";
import { type UpstashOptions, upstash } from "../../src/connectors/upstash.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";

/** A Redis for the tests of a file. Each test has a gateway and a connector of its own, which `setUp` returns. */
export function useSubscriptions() {
	let server: RedisServer;
	beforeAll(async () => {
		server = await startRedis();
	});
	afterAll(() => server.stop());

	/** A gateway that only this test uses, and a connector that is closed with it. */
	const setUp = async (options: UpstashOptions = {}) => {
		const gateway = await startUpstashGateway({ redis: server.url });
		const connector = upstash({
			url: gateway.url,
			token: gateway.token,
			// A machine that stalls for a second must not look like a broker that does not answer.
			timeout: 20_000,
			maxBackoff: 20,
			...options,
		});
		return {
			gateway,
			connector,
			[Symbol.asyncDispose]: async () => {
				await connector.close();
				await gateway.stop();
			},
		};
	};
	const publish = (channel: string, payload: string) => server.command("PUBLISH", channel, payload);
	return { server: () => server, setUp, publish };
}

/** The requests for streams so far. */
export const subscribes = (gateway: UpstashGateway) =>
	gateway.requests.filter(({ path }) => /^\/p?subscribe\//.test(path));
