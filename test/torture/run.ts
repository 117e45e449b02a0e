import { setTimeout as delay } from "node:timers/promises";
import { until } from "../support/wait.ts";
import { Client } from "./client.ts";
import type { Crowd } from "./crowd.ts";
import type { Environment, Fault, Setup } from "./environment.ts";
import { strike } from "./faults.ts";
import { bringToTheEnd } from "./last-messages.ts";
import { Ledger } from "./ledger.ts";
import { Publisher } from "./publishers.ts";
import { expectQuiet, heaps } from "./quiet.ts";
import { Random } from "./random.ts";
import { RunCrowd, type RunsSummary } from "./run-crowd.ts";
import { StoreWatch } from "./store-watch.ts";
import { noise } from "./text.ts";
import { judge, type Verdict } from "./verdict.ts";

export interface Scale {
	seed: number;
	/** How long faults are injected, in ms. */
	duration: number;
	clients: number;
	publishers: number;
	/** Messages of all publishers together. */
	perSecond: number;
	/** Between two bursts of large messages, in ms. */
	burstEvery: number;
	/** Mean time between two cuts of a client, in ms. */
	patience: number;
}

export interface Summary extends Verdict {
	setup: string;
	seed: number;
	/** All of it, start and end included. */
	seconds: number;
	published: number;
	/** Publishes with an unknown outcome. */
	unknown: number;
	counts: Crowd["counts"];
	faults: ReadonlyMap<string, number>;
	/** Of streams with an end; undefined where those do not outlive a process. */
	runs: RunsSummary | undefined;
}

/** Names that once caused faults elsewhere. */
const channels = ["news", "rooms/1 ü,x", "ticks{7}"] as const;

/** Large messages, in bursts, for clients that stop reading now and then. */
const wide = "wide";

/** Its clients are not cut: no client comes back here whose reading could help the live feed. */
const still = "still";

const all = [...channels, wide, still];

/** How long slow clients do not read, in ms: until the system's buffers for them are full. */
const burstTime = 2_200;

/** One run on one setup, from nothing to the verdict. */
export async function torture(setup: Setup, scale: Scale): Promise<Summary> {
	const began = performance.now();
	const random = new Random(scale.seed);
	await using environment = await setup.start({
		maxLength: setup.maxLength,
		wiped: setup.wiped ?? false,
	});
	const ledger = new Ledger();
	const crowd: Crowd = {
		ledger,
		hub: (chance) => chance.shuffled(environment.hubs).find(({ server }) => server)?.server?.url,
		calm: false,
		burst: false,
		patience: scale.patience,
		absence: setup.absence,
		counts: { deliveries: 0, connections: 0, resumes: 0, cuts: 0, midFrame: 0, gaps: 0 },
	};
	const heapBefore = await heaps(environment);
	await using watch = new StoreWatch(environment, ledger, all);
	const clients = Array.from({ length: scale.clients }, (_, index) =>
		client(index, crowd, random.fork()),
	);
	const lives = clients.map((each) => each.run());

	const runs = RunCrowd.isFor(environment) ? new RunCrowd(environment, random.fork()) : undefined;
	const publishers = new Publishers(environment, ledger, scale, random.fork());
	await runs?.ready();
	await until(() => ledger.published > 20, { timeout: 60_000, what: "the publishers", every: 20 });
	const end = performance.now() + scale.duration;
	const [faults] = await Promise.all([
		strike([...environment.faults, publishers.fault], random.fork(), end),
		disturb(environment, publishers, crowd, random.fork(), scale, end),
		runs?.live(end),
	]);
	const ofRuns = runs?.finish();
	await publishers.stop();

	crowd.calm = true;
	// A client that comes back reads the history, also for those that are connected. So every client is brought
	// to the end first. Then one more message of each channel has to arrive without that help.
	await bringToTheEnd(environment, crowd, clients, { channels: all, publisher: "last" });
	await bringToTheEnd(environment, crowd, clients, { channels: all, publisher: "very-last" });
	for (const each of clients) each.leave();
	await Promise.all(lives);

	await watch.finish(setup.maxLength);
	const runsSummary = await ofRuns;
	await expectQuiet(environment, ledger, heapBefore);
	const { storeLosses } = environment;
	await environment[Symbol.asyncDispose]();
	ledger.problems.push(...environment.problems);
	return {
		setup: setup.name,
		seed: scale.seed,
		seconds: (performance.now() - began) / 1_000,
		published: ledger.published,
		unknown: ledger.unknown,
		counts: crowd.counts,
		faults,
		runs: runsSummary,
		...judge(clients, ledger, {
			...{ channels: all, maxLength: setup.maxLength, storeLosses },
			wiped: setup.wiped ?? false,
			confirmedOnly: environment.broker?.kind === "upstash",
		}),
	};
}

function client(index: number, crowd: Crowd, random: Random): Client {
	if (index < 5) return new Client([wide], crowd, random, { kind: "slow", fromTheStart: false });
	if (index < 10) {
		return new Client([still], crowd, random, { kind: "steady", fromTheStart: false });
	}
	const wishes = random.shuffled(channels);
	const number = random.chance(0.5) ? 1 : 2 + random.below(channels.length - 1);
	const fromTheStart = random.chance(0.1);
	return new Client(wishes.slice(0, number), crowd, random, { kind: "usual", fromTheStart });
}

/** The processes that publish. One is killed now and then, and another replaces it. */
class Publishers {
	readonly fault: Fault;
	readonly #processes: Publisher[] = [];
	readonly #create: () => Publisher;
	#count = 0;

	constructor(environment: Environment, ledger: Ledger, scale: Scale, random: Random) {
		this.#create = () => {
			const order = {
				name: `p${++this.#count}`,
				seed: random.below(2 ** 32),
				channels: [...channels, still],
				perSecond: scale.perSecond / scale.publishers,
				overHttp: environment.broker === undefined,
				repeats: !environment.forgets,
				hub: environment.hubs[0]?.server?.url,
			};
			return new Publisher(order, environment.broker, ledger);
		};
		for (let i = 0; i < scale.publishers; i++) this.#processes.push(this.#create());
		this.fault = {
			name: "publisher killed",
			target: "publisher",
			strike: async (chance) => {
				const [one] = chance.shuffled(this.#processes);
				if (one === undefined) return;
				await one.kill();
				this.#processes.splice(this.#processes.indexOf(one), 1, this.#create());
			},
		};
	}

	burst(): void {
		this.#processes[0]?.burst(wide);
	}

	moveTo(hub: string): void {
		for (const each of this.#processes) each.moveTo(hub);
	}

	async stop(): Promise<void> {
		await Promise.all(this.#processes.map((each) => each.stop()));
	}
}

/** What happens besides the faults: bursts, traffic of other programs, and publishers that follow a hub. */
async function disturb(
	environment: Environment,
	publishers: Publishers,
	crowd: Crowd,
	random: Random,
	scale: Scale,
	end: number,
): Promise<void> {
	let nextBurst = performance.now() + Math.min(1_500, scale.burstEvery);
	let burstEnd = 0;
	for (let count = 0; performance.now() < end; count++) {
		await delay(100);
		const hub = environment.hubs[0]?.server?.url;
		if (hub !== undefined) publishers.moveTo(hub);
		if (performance.now() >= nextBurst) {
			publishers.burst();
			crowd.burst = true;
			nextBurst += scale.burstEvery;
			burstEnd = performance.now() + burstTime;
		}
		if (performance.now() >= burstEnd) crowd.burst = false;
		const payload = random.pick([
			JSON.stringify({ data: `${noise}${count}` }),
			JSON.stringify({ data: `${noise}${count}`, id: "9-9" }),
			"what another application says",
		]);
		// The broker is down now and then, and takes no such traffic.
		await environment.noise?.(random.pick(channels), payload).catch(() => undefined);
	}
}
