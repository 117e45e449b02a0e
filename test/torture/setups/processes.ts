import { setTimeout as delay } from "node:timers/promises";
import { type Answer, type Call, call, json, streamUrl } from "../../support/hub-client.ts";
import { childrenOf, type HubChild, lives } from "../../support/processes.ts";
import { startRedis } from "../../support/redis-server.ts";
import type { ServerProcess } from "../../support/server.ts";
import { until, within } from "../../support/wait.ts";
import type { Environment, EnvironmentOptions, Fault } from "../environment.ts";
import { Hubs, type ProcessSlot, realHub } from "../hubs.ts";
import { channelsOf, redisFaults, StoreReader } from "./redis-store.ts";

const count = 2;

/** A hub of two processes. Their parent has the broker, and stays: its history would end with it. */
export async function processesEnvironment({
	maxLength,
}: EnvironmentOptions): Promise<Environment> {
	const hubs = new Hubs();
	const hub = await startProcesses(hubs, { SSE_HISTORY_LENGTH: String(maxLength) });
	return {
		hubs: hubs.slots,
		broker: undefined,
		faults: [...processFaults(hub), parentFrozen(hub)],
		problems: hubs.problems,
		forgets: false,
		storeLosses: [],
		kept: (channel, after) => readKept(hub, channel, after),
		// The hub itself is asked, and this is none of its work.
		watchPause: 1_000,
		[Symbol.asyncDispose]: () => hubs.stop(),
	};
}

/** The same on Redis: each process has its own connections to it. */
export async function processesOnRedisEnvironment({
	maxLength,
}: EnvironmentOptions): Promise<Environment> {
	const redis = await startRedis({ config: ["--appendonly", "yes", "--appendfsync", "always"] });
	const store = new StoreReader(redis.url);
	const hubs = new Hubs();
	const hub = await startProcesses(hubs, {
		SSE_REDIS_URL: redis.url,
		SSE_HISTORY_LENGTH: String(maxLength),
	});
	return {
		hubs: hubs.slots,
		broker: { kind: "redis", url: redis.url, maxLength },
		faults: [...processFaults(hub), ...redisFaults(redis)],
		problems: hubs.problems,
		forgets: false,
		storeLosses: [],
		...channelsOf(redis, store),
		[Symbol.asyncDispose]: async () => {
			await hubs.stop();
			store.close();
			await redis.stop();
		},
	};
}

async function startProcesses(hubs: Hubs, env: Record<string, string>): Promise<ProcessSlot> {
	const several = { SSE_PROCESSES: String(count), SSE_BROKER_TIMEOUT: "2000", SSE_DRAIN: "500" };
	const hub = await hubs.start("hub", realHub({ ...several, ...env }));
	await replaced(hub, []);
	return hub;
}

function processesOf({ server }: ProcessSlot) {
	return server === undefined ? [] : childrenOf(server.pid).filter(({ pid }) => lives(pid));
}

/** Everything that can happen to the processes of a hub while their parent runs. */
function processFaults(hub: ProcessSlot): Fault[] {
	const target = "processes";
	const mayDie = endurance();
	const killed: Fault = {
		name: "process killed",
		target,
		strike: async (random) => {
			const most = random.chance(0.25) ? count : 1;
			const victims = random.shuffled(processesOf(hub)).slice(0, most).filter(mayDie);
			for (const { pid } of victims) {
				// Connections that it is handed while it hangs are handed to others when it is gone.
				if (random.chance(0.3)) await freeze(pid, random.between(50, 500), "SIGKILL");
				else signal(pid, "SIGKILL");
			}
			await replaced(hub, victims);
		},
	};
	const restarted: Fault = {
		name: "processes restarted",
		// One of them may be killed meanwhile.
		target: "restart",
		strike: async (random) => {
			const all = random.shuffled(processesOf(hub));
			if (random.chance(0.7)) {
				if (hub.server !== undefined) signal(hub.server.pid, "SIGUSR2");
			} else {
				all.splice(1);
				for (const { pid } of all) signal(pid, "SIGTERM");
			}
			await replaced(hub, all);
		},
	};
	const frozen: Fault = {
		name: "process frozen",
		target,
		strike: async (random) => {
			const [one] = random.shuffled(processesOf(hub));
			if (one !== undefined) await freeze(one.pid, random.between(100, 1_600), "SIGCONT");
		},
	};
	// This is what the setup tests.
	return [killed, killed, restarted, frozen];
}

/** The broker of all processes answers no one. */
function parentFrozen({ server }: ProcessSlot): Fault {
	return {
		name: "parent frozen",
		target: "parent",
		strike: async (random) => {
			if (server !== undefined) await freeze(server.pid, random.between(100, 2_600), "SIGCONT");
		},
	};
}

/**
 * A hub delays the replacement of processes that die again and again by up to 30 s. @returns whether one may
 * die.
 */
function endurance(): (one: HubChild) => boolean {
	const deaths = new Map<number, { at: number; count: number }>();
	return ({ slot }) => {
		const now = performance.now();
		const { at, count } = deaths.get(slot) ?? { at: 0, count: 0 };
		const isCalm = now - at > 20_000;
		if (count === 3 && !isCalm) return false;
		deaths.set(slot, { at: now, count: isCalm ? 1 : count + 1 });
		return true;
	};
}

/** All take streams, and none of these is there; or the hub says that it has given up a restart. */
async function replaced(hub: ProcessSlot, old: readonly HubChild[]): Promise<void> {
	const { server } = hub;
	if (server === undefined) return;
	const givenUp = () => server.output.split("A restart was given up").length;
	const before = givenUp();
	const areGone = () => old.every(({ pid }) => !lives(pid)) || givenUp() !== before;
	await until(async () => areGone() && (await doAllServe(server)), {
		...{ timeout: 200_000, what: "other processes in the place of some", every: 50 },
	});
}

async function doAllServe(server: ServerProcess): Promise<boolean> {
	// The process that is asked may be killed meanwhile.
	const answer = await answerOf(`${server.url}/metrics`).catch(() => undefined);
	return new RegExp(`^sse_processes ${count}$`, "m").test(answer?.body ?? "");
}

async function freeze(pid: number, time: number, then: "SIGCONT" | "SIGKILL"): Promise<void> {
	signal(pid, "SIGSTOP");
	await delay(time);
	signal(pid, then);
}

function signal(pid: number, name: NodeJS.Signals): void {
	if (lives(pid)) process.kill(pid, name);
}

/** A connection that no process takes is an error. */
function answerOf(url: string, options: Call = {}): Promise<Answer> {
	return within(call(url, options), 20_000, `an answer to ${url}`);
}

/** What the hub itself reports that it keeps. */
async function readKept(
	{ server }: ProcessSlot,
	channel: string,
	after: string,
): Promise<{ id: string; text: string }[]> {
	if (server === undefined) return [];
	const url = `${streamUrl(server, channel)}&lastEventId=${after}&limit=500`;
	const answer = await answerOf(url, { headers: { accept: "application/json" } });
	if (answer.status !== 200) throw new Error(answer.body);
	const { messages } = json<{ messages: { id: string; data: string }[] }>(answer);
	return messages.map(({ id, data }) => ({ id, text: data }));
}
