/**
 * Real runs, which the model predicts. Each has a control, in the same minute: a small run of the kind that the inputs
 * were measured with, which tells what the same work costs now, and how long the hub waited for its core in the run
 * itself. Other work on the machine makes both larger.
 */
import type { LoadReport } from "../harness/load.ts";
import { loadCore, pin } from "../harness/machine.ts";
import { cpuDuring, inBed, rounded, shareDuring } from "./bed.ts";
import { coldStreams, fanout, fewClients, perChannel } from "./inputs.ts";
import { outage } from "./outage.ts";

export interface Comeback {
	/** How many came within 50 s; the times are of those. */
	back: number;
	/** In ms, from the first stream that ended. */
	p50: number;
	p99: number;
	last: number;
	peakPerSecond: number;
	longestQueue: number;
	/** Connections that the hub's machine reset. Their clients came again. */
	refused: number;
	/** From the first client that asked to the last one, in ms. */
	arrivalMs: number;
	/** CPU of the hub that they came to, for each of them. */
	connectUs: number;
	/** CPU for each of its first thousand streams, before they came. */
	controlUs: number;
	/** How much longer the hub took than it had its core for. */
	delay: number;
}

export const runs: Record<string, (load: string) => Promise<Record<string, unknown>>> = {
	fanout: async (load) => {
		const controlUs = rounded((await fanout(load, fewClients)).us);
		const found: Record<string, unknown> = {};
		for (const clients of [2_000, 10_000]) {
			found[`fanout-${clients}`] = { us: rounded((await fanout(load, clients)).us), controlUs };
		}
		return found;
	},
	drain: async (load) => ({
		"drain-3000": await comeback(load, 3_000, "SIGTERM"),
		"drain-10000": await comeback(load, 10_000, "SIGTERM"),
	}),
	crash: async (load) => ({
		"crash-3000": await comeback(load, 3_000, "SIGKILL"),
		"crash-10000": await comeback(load, 10_000, "SIGKILL"),
	}),
	herd: async (load) => ({
		"herd-3000": await comeback(load, 3_000, "SIGKILL", [3_000, 3_000]),
		"herd-6000": await comeback(load, 6_000, "SIGKILL", [3_000, 3_000]),
		"herd-10000": await comeback(load, 10_000, "SIGKILL", [3_000, 3_000]),
	}),
	outage: async (load) => {
		const controlUs = rounded(await perChannel(load, true));
		return {
			"outage-1000": { ...(await outage(load, 1_000, true)), controlUs },
			"outage-5000": { ...(await outage(load, 5_000, true)), controlUs },
		};
	},
};

/** The clients of one hub, which ends, come to another one. Who is told no time waits as edge-sse/client does. */
async function comeback(
	load: string,
	clients: number,
	signal: "SIGTERM" | "SIGKILL",
	[least, most]: readonly [number, number] = [2_000, 6_000],
): Promise<Comeback> {
	return inBed(load, async ({ hub, clients: open }) => {
		const [old, next] = [await hub(), await hub()];
		const crowd = await open(old, clients);
		// They are machines of their own elsewhere.
		pin(loadCore, old.pid);
		const first = await open(next, 0);
		const control = await cpuDuring(next.pid, () => first.command(`open ${coldStreams} 64`));
		let report: LoadReport | undefined;
		let delay = 1;
		const spent = await cpuDuring(next.pid, async () => {
			const share = await shareDuring(next.pid, async () => {
				const back = crowd.command(`comeback ${next.port} ${least} ${most} 50`);
				process.kill(old.pid, signal);
				report = await back;
			});
			delay = share.delay;
		});
		await first.stop();
		const told = report as unknown as Comeback;
		const { back, p50, p99, last, peakPerSecond, longestQueue, refused, arrivalMs } = told;
		const perOne = {
			connectUs: rounded(spent / back),
			controlUs: rounded(control / coldStreams),
			delay,
		};
		return { back, p50, p99, last, peakPerSecond, longestQueue, refused, arrivalMs, ...perOne };
	});
}
