import { health } from "../support/hub-client.ts";
import { until } from "../support/wait.ts";
import type { Environment } from "./environment.ts";
import type { Ledger } from "./ledger.ts";

/** All clients have left: no hub may hold on to anything. */
export async function expectQuiet(
	environment: Environment,
	ledger: Ledger,
	heapBefore: ReadonlyMap<string, number>,
): Promise<void> {
	for (const { name, server } of environment.hubs) {
		if (server === undefined) ledger.problems.push(`${name} is down`);
		else {
			await until(
				async () => {
					const { connections, channels: open } = await health(server);
					return connections === 0 && open === 0;
				},
				{ timeout: 60_000, what: `${name} to let go of connections and channels`, every: 100 },
			).catch((error: Error) => ledger.problems.push(error.message));
		}
	}
	const grown = 48 * 1_048_576;
	for (const [name, heap] of await heaps(environment)) {
		const growth = heap - (heapBefore.get(name) ?? heap);
		if (growth > grown) ledger.problems.push(`${name}'s memory grew by ${growth} bytes`);
	}
	// Two of each hub. What publishers had is gone with them.
	const limit = environment.hubs.length * 2 + 1;
	const { brokerConnections } = environment;
	if (brokerConnections === undefined) return;
	await until(async () => (await brokerConnections()) <= limit, {
		what: `no more than ${limit} connections to the broker`,
		every: 100,
	}).catch((error: Error) => ledger.problems.push(error.message));
}

/** The memory in use after a garbage collection, in bytes, of the hubs that report it. */
export async function heaps(environment: Environment): Promise<Map<string, number>> {
	const found = new Map<string, number>();
	for (const { name, server } of environment.hubs) {
		const response = server && (await fetch(`${server.url}/memory`));
		if (!response?.ok) continue;
		const { heapUsed } = (await response.json()) as { heapUsed: number };
		found.set(name, heapUsed);
	}
	return found;
}
