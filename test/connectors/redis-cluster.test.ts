import { afterAll, beforeAll } from "vitest";
import { type RedisCluster, startCluster } from "../support/redis-cluster.ts";
import { clusterHarness } from "./redis-cluster-harness.ts";
import { password } from "./redis-harness.ts";
import { connectorSuite } from "./suite.ts";

let cluster: RedisCluster;

beforeAll(async () => {
	cluster = await startCluster({ password });
});

afterAll(() => cluster.stop());

connectorSuite("redis, a Cluster", {
	...clusterHarness(() => cluster, {}),
	secrets: [password, encodeURIComponent(password), "wr0ng-s3cret"],
	lacks: { borrow: "redis-cluster-clients.test.ts hands clients in" },
});
