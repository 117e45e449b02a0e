/**
 * Makes the real runs that the model predicts. Each has a control in the same minute. It tells what the work that the
 * inputs were measured with costs now, and how long the hub waited for its core. Other work on the machine makes both
 * larger.
 */
import type { LoadReport } from "../harness/load.ts";
import { loadCore, pin } from "../harness/machine.ts";
import { cpuDuring, inBed, rounded, shareDuring } from "./bed.ts";
import { coldStreams, fanout, fewClients, perChannel } from "./inputs.ts";
import { outage } from "./outage.ts";

export interface Comeback {
	/** How many returned within 50 s. The times are for these. */
	back: number;
	/** The time from the end of the first stream, in ms. */
	p50: number;
	p99: number;
	last: number;
	peakPerSecond: number;
	longestQueue: number;
	/** How many connections were reset. Their clients tried again. */
	refused: number;
	/** The time from the first client's request to the last one's, in ms. */
	arrivalMs: number;
	/** The CPU time of the hub that they came to, for each of them. */
	connectUs: number;
	/** The CPU time for each of its first thousand streams, before they came. */
	controlUs: number;
	/** By what factor the hub took longer because it had to wait for its core. */
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

/** Ends a hub, whose clients go to another one. A client that was told no time waits as long as edge-sse/client does. */
async function comeback(
	load: string,
	clients: number,
	signal: "SIGTERM" | "SIGKILL",
	[least, most]: readonly [number, number] = [2_000, 6_000],
): Promise<Comeback> {
	return inBed(load, async ({ hub, clients: open }) => {
		const [old, next] = [await hub(), await hub()];
		const crowd = await open(old, clients);
		// In production they would be on machines of their own.
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
