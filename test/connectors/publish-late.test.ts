import { createClient } from "@redis/client";
import { Redis as IoRedis } from "ioredis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { upstash } from "../../src/connectors/upstash.ts";
import type { Connector } from "../../src/core/connector.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { until } from "../support/wait.ts";

/** A publish that was given up does not arrive later, behind newer ones. */

const timeout = 2_500;
const history = {};

let server: RedisServer;
let gateway: UpstashGateway;
beforeAll(async () => {
	server = await startRedis();
	gateway = await startUpstashGateway({ redis: server.url });
});
afterAll(async () => {
	await gateway.stop();
	await server.stop();
});

/** The data of the stored messages. */
async function kept(connector: Connector, channel: string): Promise<string[]> {
	const page = await connector.history?.read(channel, "0-0", 10);
	return (page?.messages ?? []).map(({ payload }) => JSON.parse(payload ?? "").data);
}

const message = (data: string) => JSON.stringify({ data });

describe.each(["redis", "a node-redis client", "an ioredis client"])("%s", (target) => {
	async function connected(): Promise<Connector> {
		if (target === "redis") return redis(server.url, { history, timeout });
		if (target === "an ioredis client") {
			const client = new IoRedis(server.url);
			onTestFinished(() => client.disconnect());
			return redis(client, { history, timeout });
		}
		const client = createClient({ url: server.url });
		client.on("error", () => undefined);
		await client.connect();
		onTestFinished(() => client.destroy());
		return redis(client, { history, timeout });
	}

	test("a frozen Redis does not carry out a publish after its timeout", async () => {
		const connector = await connected();
		onTestFinished(() => connector.close());
		const channel = `frozen: ${target}`;
		await connector.publish(channel, message("before"));
		server.pause();
		try {
			const late = connector.publish(channel, message("given up"));
			await expect(late).rejects.toMatchObject({ code: "unavailable" });
		} finally {
			server.resume();
		}
		// Its bytes came first.
		await until(() => connector.publish(channel, message("after")).then(Boolean, () => false), {
			what: "Redis to be back",
		});
		expect(new Set(await kept(connector, channel))).toEqual(new Set(["before", "after"]));
	});
});

describe("upstash", () => {
	const connected = () => {
		const { url, token } = gateway;
		const connector = upstash({ url, token, history, timeout });
		onTestFinished(() => connector.close());
		onTestFinished(() => gateway.faultless());
		return connector;
	};
	const scripts = () => server.calls("eval");

	test("a slow request is not carried out behind the next one", async () => {
		const connector = connected();
		await connector.publish("slow", message("before"));
		const before = await scripts();
		gateway.behave({ lag: 2 * timeout });
		const late = connector.publish("slow", message("given up"));
		await expect(late).rejects.toMatchObject({ code: "unavailable" });
		gateway.faultless();
		await connector.publish("slow", message("after"));
		await until(async () => (await scripts()) === before + 2, { what: "the slow request" });
		expect(await kept(connector, "slow")).toEqual(["before", "after"]);
	});

	test.each([
		["an hour behind", -3_600_000, 2],
		["an hour ahead", 3_600_000, 1],
	])("a publisher whose clock is %s loses nothing", async (_, skew, commands) => {
		const now = Date.now.bind(Date);
		vi.spyOn(Date, "now").mockImplementation(() => now() + skew);
		onTestFinished(() => void vi.restoreAllMocks());
		const connector = connected();
		const channel = `skew ${skew}`;
		const before = await scripts();
		for (const data of ["one", "two", "three"]) await connector.publish(channel, message(data));
		// Only the first may need a second command.
		expect((await scripts()) - before).toBe(commands + 2);
		expect(await kept(connector, channel)).toEqual(["one", "two", "three"]);
	});
});
