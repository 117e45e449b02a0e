import { afterAll, beforeAll } from "vitest";
import { type RedisCluster, startCluster } from "../support/redis-cluster.ts";
import { inCluster, suiteOf } from "./clauses.ts";
import { clusterHarness } from "./redis-cluster-harness.ts";
import { password } from "./redis-harness.ts";

let cluster: RedisCluster;

beforeAll(async () => {
	cluster = await startCluster({ password });
});

afterAll(() => cluster.stop());

suiteOf(inCluster)("redis, a Cluster", {
	...clusterHarness(() => cluster, {}),
	secrets: [password, encodeURIComponent(password), "wr0ng-s3cret"],
	lacks: { borrow: "redis-cluster-clients.test.ts hands clients in" },
});
