import type { ChildProcess } from "node:child_process";
import { Registry } from "prom-client";
import type { ServerHub } from "../create.ts";
import type { Runtime, SharedPort } from "../listen/runtime.ts";
import { logProcess } from "../log.ts";
import { collectProcess } from "../metrics.ts";
import { exitWith, onShutdown } from "../process.ts";
import { variables } from "../variable-table.ts";
import type { Environment } from "../variables.ts";
import { type Begin, type BrokerAddress, slotVariable } from "./begin.ts";
import { openBroker } from "./broker.ts";
import type { Child } from "./child.ts";
import { checkProcesses, processors } from "./count.ts";
import { Places } from "./places.ts";
import { sharedAnswer } from "./shared-answer.ts";
import { Supervisor } from "./supervisor.ts";
import { Totals } from "./totals.ts";

/** When a child gets a signal, the parent waits this long for one of its own, in ms. */
const sameSignal = 250;

/**
 * How many connections the parent may hold for its children at least, however few streams they may have: other requests
 * have connections, too.
 */
const leastHeld = 1_024;

/** How long a child may take to answer, in ms. */
const patience = 1_000;

/** How the children are started. */
export interface Children extends Runtime {
	count: number;
	/** The arguments that start this program as a child. */
	args: readonly string[];
}

/**
 * Serves the hub by several processes. This process has no streams. It starts and watches the others, and answers their
 * questions about all of them. It has the broker, where that is in memory.
 *
 * @returns the port.
 * @throws {ConfigurationError} (the promise rejects) for what several processes cannot do.
 */
export async function serveInChildren(
	hub: ServerHub,
	environment: Environment,
	{ listen, fork, share, args, count }: Children,
): Promise<number> {
	const { settings, sse, broker } = hub;
	checkProcesses(hub);
	const mostHeld = Math.max(leastHeld, mostConnections(settings));
	const shared = await share(settings.port, settings.host, mostHeld);
	const { port } = shared;
	const opened = broker === "memory" ? await openBroker(sse, listen) : undefined;
	const supervisor = processesOf(hub, count, shared, (slot) => fork(args, childVariables(slot)), {
		environment: childEnvironment(environment, hub, port, count),
		address: opened?.address,
		broker,
	});
	process.on("SIGUSR2", () => void supervisor.restart());
	try {
		await supervisor.start();
	} catch (error) {
		supervisor.kill();
		throw error;
	}
	onShutdown(async () => {
		await supervisor.stop();
		shared.close();
		await opened?.server.stop();
		await hub.close();
	});
	return port;
}

function processesOf(
	{ settings }: ServerHub,
	count: number,
	shared: SharedPort,
	fork: (slot: number) => ChildProcess,
	begin: { environment: Environment; address: BrokerAddress | undefined; broker: string },
): Supervisor {
	const own = new Registry();
	own.setDefaultLabels({ process: "parent" });
	collectProcess(own);
	const recall = (child: Child) =>
		child.isResponsive ? child.peer.ask("recall", undefined, patience) : Promise.resolve();
	const places = new Places<Child>(mostConnections(settings), count, recall);
	const totals = new Totals(() => supervisor.children);
	const ask = async <Answer>(
		children: readonly Child[],
		what: string,
		value?: unknown,
	): Promise<Answer[]> => {
		const asked = children.filter(({ isResponsive }) => isResponsive);
		const answers = await Promise.allSettled(
			asked.map(({ peer }) => peer.ask<Answer>(what, value, patience)),
		);
		return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
	};
	const figures = sharedAnswer(async () => ({
		running: supervisor.ready.length,
		ends: supervisor.ends,
		// An old and a new process with the same number would have the same labels.
		texts: [await own.metrics(), ...(await ask<string>(supervisor.newest, "metrics"))],
	}));
	const supervisor: Supervisor = new Supervisor({
		...{ count, fork, drain: settings.drain, atATime: processors() },
		answers: (child) => ({
			begin: (): Begin => ({ ...begin, spare: places.block }),
			take: async () => {
				const taken = await places.take(child);
				if (taken > 0) child.peer.tell("places", taken);
				return taken > 0;
			},
			give: (count: number) => places.give(child, count),
			allStats: () => totals.read(),
			allStreamsOf: async (channel: string) =>
				(await ask<number>(supervisor.children, "streamsOf", channel)).reduce(
					(sum, each) => sum + each,
					0,
				),
			allProcesses: figures,
			// A signal to the whole group reaches this process as well, which then stops the hub before this time is over.
			signalled: () => {
				setTimeout(() => void supervisor.restart(child), sameSignal).unref();
			},
		}),
		serves: ({ process }) => shared.add(process),
		leaves: ({ process }) => shared.remove(process),
		gone: (child) => {
			places.gone(child);
			totals.gone(child);
		},
		log: (level, { slot, pid }, message) => logProcess(level, { process: slot, pid, message }),
		giveUp: (reason) => {
			supervisor.kill();
			exitWith(new Error(`no process can be started any more: ${reason.message}`));
		},
	});
	return supervisor;
}

/** How many streams all processes may have. */
function mostConnections({ options }: ServerHub["settings"]): number {
	return options.limits?.connections ?? 50_000;
}

/** A child's variables: its number, and that it reaches its parent without a proxy. */
function childVariables(slot: number): Record<string, string> {
	const { NO_PROXY, no_proxy } = process.env;
	const direct = (list: string | undefined) => (list ? `${list},127.0.0.1` : "127.0.0.1");
	return {
		[slotVariable]: String(slot),
		NO_PROXY: direct(NO_PROXY),
		no_proxy: direct(no_proxy ?? NO_PROXY),
	};
}

/** The default of `SSE_COMPRESS_MEMORY`, in bytes. */
const compressMemory = 16_777_216;

/** The hub's variables for its children, with the port, the token, and each child's part of the memory. */
function childEnvironment(
	environment: Environment,
	{ settings: { publishing, compression } }: ServerHub,
	port: number,
	count: number,
): Environment {
	const own = Object.fromEntries(variables.map(({ name }) => [name, environment[name]]));
	const memory = Math.floor((compression?.memory ?? compressMemory) / count);
	return {
		...own,
		PORT: String(port),
		...(publishing.by === "token" && publishing.isMade && { SSE_PUBLISH_TOKEN: publishing.token }),
		...(compression !== undefined && { SSE_COMPRESS_MEMORY: String(memory) }),
	};
}
