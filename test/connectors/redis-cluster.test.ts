import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisCluster, startCluster } from "../support/redis-cluster.ts";
import { inCluster, suiteOf } from "./clauses.ts";
import { clusterHarness } from "./redis-cluster-harness.ts";
import { password } from "./redis-harness.ts";
import { instance, reloading } from "./runs-kit.ts";

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

test("readers of a run that reload at random chunks all see the same text and the end", async () => {
	const connect = () => clusterHarness(() => cluster, {}).history.connect({});
	const all = [instance(connect()).runs, instance(connect()).runs];
	const id = crypto.randomUUID();
	const reading = Promise.all(
		Array.from({ length: 100 }, (_, seed) => reloading(all, id, seed + 1)),
	);
	const started = await all[0]?.start(id, async function* () {
		for (let n = 0; n < 300; n++) {
			yield `word${n} `;
			if (n % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 30));
		}
	});
	expect(await started?.done).toEqual({ status: "done" });
	const text = Array.from({ length: 300 }, (_, n) => `word${n} `).join("");
	for (const each of await reading) expect(each).toEqual({ text, end: "done" });
});
