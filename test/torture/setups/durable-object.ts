import { setTimeout as delay } from "node:timers/promises";
import { storageDirectory } from "../../support/directories.ts";
import { call, json } from "../../support/hub-client.ts";
import { startWorker } from "../../support/worker.ts";
import type { Environment, EnvironmentOptions, Fault, HubSlot } from "../environment.ts";

/** The hub for Workers in workerd, whose objects keep their storage when it is killed. */
export async function durableObjectEnvironment(
	{ maxLength }: EnvironmentOptions,
	hold: "worker" | "object" = "object",
): Promise<Environment> {
	const storage = storageDirectory();
	const problems: string[] = [];
	const start = () =>
		startWorker({
			entry: "test/torture/programs/worker.ts",
			objects: { SSE: "SseChannel" },
			env: {
				HOST: "127.0.0.1",
				SSE_HISTORY_LENGTH: String(maxLength),
				SSE_MAX_BUFFERED_BYTES: "262144",
				SSE_KEEP_ALIVE: "500",
				SSE_PUBLISH_OPEN: "true",
				SSE_HOLD: hold,
			},
			storage,
		});
	const slot: HubSlot = { name: "worker", server: await start() };
	const ask = async (path: string, channel: string, body?: string) => {
		if (slot.server === undefined) throw new Error("The Worker is down.");
		const url = `${slot.server.url}/${path}&channel=${encodeURIComponent(channel)}`;
		return call(url, body === undefined ? {} : { method: "POST", body });
	};
	const end = async () => {
		const { server } = slot;
		slot.server = undefined;
		await server?.kill();
		// Reports of an object about its own end, or about a client that it lost, are no problem.
		const bad = /^.*(TypeError|ReferenceError|RangeError|threw\.|hung).*$/m;
		const [line] = bad.exec(server?.output ?? "") ?? [];
		if (line !== undefined) problems.push(`the Worker printed: ${line}`);
	};
	const faults: Fault[] = [
		{
			name: "workerd killed",
			target: "worker",
			strike: async (random) => {
				await end();
				await delay(random.between(0, 500));
				slot.server = await start();
			},
		},
		{
			name: "object evicted",
			target: "worker",
			strike: async (random) => {
				for (let left = 1 + random.below(4); left > 0; left--) {
					await ask("evict?", random.pick(["news", "rooms/1 ü,x", "ticks{7}", "wide", "still"]));
					await delay(random.between(30, 300));
				}
			},
		},
	];
	return {
		hubs: [slot],
		broker: undefined,
		faults,
		problems,
		forgets: false,
		servesRuns: true,
		storeLosses: [],
		kept: async (channel, after) => json(await ask(`kept?after=${after}`, channel)),
		noise: async (channel, payload) => void (await ask("noise?", channel, payload)),
		[Symbol.asyncDispose]: end,
	};
}
