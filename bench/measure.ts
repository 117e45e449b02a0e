/** One measurement: starts a new server and its clients, warms it up, and returns the figures. */
import type { RedisServer } from "../test/support/redis-server.ts";
import type { Candidate, Feed } from "./candidates.ts";
import type { Usage } from "./harness/accounting.ts";
import { Load, type LoadReport } from "./harness/load.ts";
import { Servers } from "./harness/servers.ts";
import type { Workload } from "./workload.ts";

/** Figures by name. A workload has only those that it measures. */
export type Figures = Readonly<Record<string, number>>;

export interface Sample {
	workload: string;
	candidate: string;
	round: number;
	clients: number;
	feed: Feed;
	figures: Figures;
}

export interface Bench {
	load: string;
	redis(): Promise<RedisServer>;
}

/** @throws {Error} when the candidate fails, or loses or reorders messages through its own fault. */
export async function measure(
	bench: Bench,
	candidate: Candidate,
	workload: Workload,
	round: number,
): Promise<Sample> {
	const feed = candidate.feeds.includes(workload.feed) ? workload.feed : candidate.feeds[0];
	if (feed === undefined) throw new Error(`${candidate.name} takes no messages.`);
	const { keepAlive, history } = workload;
	const brokered = candidate.kind === "edge-sse" ? workload.broker : candidate.broker;
	const redis = feed === "redis" || brokered === "redis" ? await bench.redis() : undefined;
	await redis?.command("FLUSHALL");
	const server = await Servers.start(candidate, {
		...(redis === undefined ? {} : { SSE_REDIS_URL: redis.url, BENCH_REDIS: redis.url }),
		...(keepAlive === undefined ? {} : { SSE_KEEP_ALIVE: String(keepAlive) }),
		...(history === undefined ? {} : { SSE_HISTORY_LENGTH: String(history) }),
	});
	const load = new Load(bench.load, {
		port: server.port,
		readerPorts: server.readerPorts,
		redisPort: feed === "redis" ? redis?.port : undefined,
		rawBody: candidate.rawBody ?? false,
		channels: workload.channels ?? 1,
		perClient: workload.perClient ?? 1,
		dataBytes: workload.dataBytes ?? 200,
		json: workload.json ?? false,
		gzip: workload.gzip ?? false,
		probe: feed === "redis" ? workload.probe : undefined,
	});
	const clients = Math.min(workload.clients, candidate.mostClients ?? Number.POSITIVE_INFINITY);
	try {
		const figures = await run(workload, clients, server, load, redis);
		const { name } = workload;
		return { workload: name, candidate: candidate.name, round, clients, feed, figures };
	} catch (error) {
		throw new Error(`${(error as Error).message}\nIt printed: ${await server.stop()}`, {
			cause: error,
		});
	} finally {
		await server.stop();
		await load.stop();
	}
}

async function run(
	{ run, keepAlive = 0 }: Workload,
	clients: number,
	server: Servers,
	load: Load,
	redis: RedisServer | undefined,
): Promise<Figures> {
	/** Runs a command of the load generator, and measures what the server uses meanwhile. */
	const during = async (command: string) => {
		const { usage, rootUsage } = server;
		const report = await load.command(command);
		const used = difference(server.usage, usage);
		const root = rootUsage && server.rootUsage && difference(server.rootUsage, rootUsage);
		return { report, used, root };
	};
	let asked = 0;
	const open = async (count: number, atOnce = 128) => {
		asked += count;
		const opened = await during(`open ${count} ${atOnce}`);
		if (opened.report.open === asked) return opened;
		throw new Error(`Only ${opened.report.open} of ${asked} clients got a stream in a minute.`);
	};

	switch (run.kind) {
		case "window": {
			const { atOnce, least, most = 1_000_000, seconds, warmUp } = run;
			await open(clients);
			await during(`window ${Math.min(atOnce, 64)} ${least >> 2} ${most} ${warmUp}`);
			return delivery(await during(`window ${atOnce} ${least} ${most} ${seconds}`));
		}
		case "steady": {
			await open(clients);
			await during(`steady ${run.rate} ${run.warmUp}`);
			return delivery(await during(`steady ${run.rate} ${run.seconds}`));
		}
		case "idle": {
			const empty = server.usage.resident;
			await open(clients);
			// Only whole periods show what keep-alives cost, on streams that have had one before.
			const whole = run.seconds >= (2 * keepAlive) / 1_000;
			if (whole) await during(`idle ${keepAlive / 1_000 + 1}`);
			const { report, used } = await during(`idle ${run.seconds}`);
			return {
				kilobytes: (server.usage.resident - empty) / clients / 1_000,
				...(whole ? { idlePercent: (100 * (used.user + used.system)) / report.seconds } : {}),
				loadPercent: loadPercent(report),
				...faults(report),
			};
		}
		case "connect": {
			await open(clients / 2, run.atOnce);
			const { report, used } = await open(clients / 2, run.atOnce);
			return {
				perSecond: clients / 2 / report.seconds,
				cpu: perOne(used, clients / 2),
				p50: report.p50 / 1_000,
				p99: report.p99 / 1_000,
				loadPercent: loadPercent(report),
				...faults(report),
			};
		}
		case "storm": {
			const { returning, back, rate, seconds } = run;
			await open(clients);
			// Publishes what the clients will have missed, and warms the code up.
			await during(`window 4 0 ${2 * back} 30`);
			await during(`steady ${rate} 1`);
			const calm = await during(`steady ${rate} ${seconds}`);
			const readsBefore = await historyReads(redis);
			const storm = await during(`storm ${returning} ${back} ${rate} ${seconds}`);
			return {
				calmP99: calm.report.p99 / 1_000,
				p99: storm.report.p99 / 1_000,
				returned: storm.report.returned,
				returnedSeconds: storm.report.returnedSeconds,
				cpu: perOne(difference(storm.used, calm.used), returning),
				historyReads: (await historyReads(redis)) - readsBefore,
				loadPercent: loadPercent(storm.report),
				...faults(storm.report),
			};
		}
	}
}

interface Delivered {
	report: LoadReport;
	used: Usage;
	/** What the root of relays took of it. */
	root: Usage | undefined;
}

function delivery({ report, used, root }: Delivered): Figures {
	const { bytes, messages, deliveries, seconds, p50, p99, probes, probeP99, probeMax } = report;
	return {
		cpu: perOne(used, deliveries),
		user: (1e6 * used.user) / deliveries,
		system: (1e6 * used.system) / deliveries,
		perSecond: deliveries / seconds,
		bytes: bytes / deliveries,
		p50: p50 / 1_000,
		p99: p99 / 1_000,
		eventsPerRead: deliveries / report.reads,
		loadPercent: loadPercent(report),
		heldPercent: (100 * report.heldSeconds) / seconds,
		serverPercent: (100 * (used.user + used.system)) / seconds,
		...(root === undefined ? {} : { rootCpu: perOne(root, messages) }),
		...(probes === 0 ? {} : { probeP99: probeP99 / 1_000, probeMax: probeMax / 1_000 }),
		...faults(report),
	};
}

/** The CPU time for each of `count` things, in µs. */
function perOne({ user, system }: Usage, count: number): number {
	return (1e6 * (user + system)) / count;
}

function loadPercent({ loadCpuSeconds, seconds }: LoadReport): number {
	return (100 * loadCpuSeconds) / seconds;
}

/** The faults of a sample. It counts only if all of them are 0. */
function faults({ lost, disorder, corrupt, gaps, closed }: LoadReport): Figures {
	return { lost, disorder, corrupt, gaps, closed };
}

function difference(after: Usage, before: Usage): Usage {
	return {
		user: after.user - before.user,
		system: after.system - before.system,
		resident: after.resident - before.resident,
	};
}

/** How often streams were read in this Redis, scripts included. */
async function historyReads(redis: RedisServer | undefined): Promise<number> {
	return (await redis?.calls("xrange", "xrevrange", "xread")) ?? 0;
}
