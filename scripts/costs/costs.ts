import measured from "./measured.json" with { type: "json" };
import prices from "./prices.json" with { type: "json" };

/** A load that is the same all month. */
export interface Load {
	title: string;
	channels: number;
	/** How many viewers each channel has. */
	viewers: number;
	/** The time between two messages of a channel, in seconds. */
	every: number;
}

export const loads: readonly Load[] = [
	{ title: "quiet: one an hour", channels: 10_000, viewers: 1, every: 3_600 },
	{ title: "in between: one a minute", channels: 1_000, viewers: 100, every: 60 },
	{ title: "busy: one a second", channels: 1, viewers: 10_000, every: 1 },
];

/** How often a viewer opens and leaves a stream in a month. */
const visits = 30;

type Price = { included: number; dollarsPerMillion: number };

const dollars = (amount: number, { included, dollarsPerMillion }: Price) =>
	(Math.max(0, amount - included) * dollarsPerMillion) / 1e6;

/** Dollars a month beyond the plan's own price, by who holds the streams. */
export function costs({ channels, viewers, every }: Load): { object: number; worker: number } {
	const month = prices.monthSeconds;
	const streams = channels * viewers * visits;
	const publishes = (channels * month) / every;
	const deliveries = publishes * viewers;
	const requests = streams + publishes;
	const requestsCost =
		dollars(requests, prices.workerRequests) + dollars(requests, prices.objectRequests);
	const cpu = requests * measured.requestCpuMs;
	const silences = (channels * viewers * month) / measured.silenceSeconds;
	const heldCpu =
		(deliveries * measured.workerEventUs + silences * measured.workerSilenceUs) / 1_000;
	// A publish, a new stream and a leave each wake the object, and a publish also goes to each socket.
	const awake =
		((publishes + 2 * streams) * measured.wakeMs) / 1_000 +
		(deliveries * measured.objectDeliveryUs) / 1e6;
	const gbSeconds = (seconds: number) =>
		dollars(Math.min(seconds, channels * month) * prices.objectGb, prices.objectGbSeconds);
	return {
		object: requestsCost + dollars(cpu, prices.workerCpuMs) + gbSeconds(channels * month),
		worker: requestsCost + dollars(cpu + heldCpu, prices.workerCpuMs) + gbSeconds(awake),
	};
}

/** The number of viewers of a channel at which both forms cost the same. Ignores the amounts that the plan includes. */
export function breakEven(every: number): number {
	const month = prices.monthSeconds;
	const object = (month * prices.objectGb * prices.objectGbSeconds.dollarsPerMillion) / 1e6;
	const cpuMs =
		((month / every) * measured.workerEventUs +
			(month / measured.silenceSeconds) * measured.workerSilenceUs) /
		1_000;
	return object / ((cpuMs * prices.workerCpuMs.dollarsPerMillion) / 1e6);
}
