/** Compares what the model predicts for real runs with what was measured. */
import { chromium, comeback, told } from "./comeback.ts";
import { costs } from "./inputs.ts";
import { outage } from "./outage.ts";
import recorded from "./runs.json" with { type: "json" };

type Figures = Readonly<Record<string, number>>;

export interface Check {
	readonly run: string;
	readonly figure: string;
	readonly measured: number;
	/** The prediction with the inputs as they are. */
	readonly predicted: number;
	/** The prediction for a machine that is as slow as this one was during the run. */
	readonly corrected: number;
	/** By what factor it was slower, by the control of the run. */
	readonly slower: number;
}

type Runs = Readonly<Record<string, { readonly figures: Readonly<Record<string, Figures>> }>>;

const runs = Object.values(recorded as Runs).flatMap(({ figures }) => Object.entries(figures));

export function checks(): Check[] {
	return runs.flatMap(([name, measured]) => {
		const [kind = "", size] = name.split("-");
		const count = Number(size);
		const { controlUs = 0, delay = 1, arrivalMs = 0, back = count } = measured;
		const { usual, predict, figures, title } = kinds[kind as keyof typeof kinds];
		const slower = (controlUs / usual) * delay;
		const predicted: Figures = predict(count, 1, arrivalMs);
		const corrected: Figures = predict(count, slower, arrivalMs);
		return Object.entries(figures).map(([figure, words]) => ({
			run:
				title(count.toLocaleString("en")) +
				(back < count ? `, of whom ${back.toLocaleString("en")} came within 50 s` : ""),
			figure: words,
			measured: measured[figure] ?? Number.NaN,
			predicted: predicted[figure] ?? Number.NaN,
			corrected: corrected[figure] ?? Number.NaN,
			slower,
		}));
	});
}

const times = { p50: "50th, ms", p99: "99th, ms", last: "last, ms" };
const crowds = { ...times, longestQueue: "longest queue" };

const kinds = {
	fanout: {
		title: (count: string) => `fan-out to ${count} clients`,
		usual: costs.deliveryUs,
		predict: (_: number, slower: number): Figures => ({ us: costs.deliveryUs * slower }),
		figures: { us: "CPU µs each" },
	},
	drain: returning("deploy", 5_000, told),
	crash: returning("crash, as `edge-sse/client` reconnects", 0, told),
	herd: returning("crash, as Chromium reconnects", 0, chromium),
	outage: {
		title: (count: string) => `Redis killed, ${count} channels`,
		usual: costs.resubscribeUs + costs.restoreUs,
		predict: (channels: number, slower: number): Figures => {
			const load = { hubs: 1, channels, away: 2_000, roundTrip: 0 };
			const { first, p50, p99, last } = outage(load, scaled(slower));
			return { p50: p50 - first, p99: p99 - first, last: last - first };
		},
		figures: times,
	},
};

function returning(what: string, drain: number, wait: readonly [number, number]) {
	return {
		title: (count: string) => `${what}, ${count} clients`,
		usual: costs.coldConnectUs,
		/** @param arrivalMs all clients are one program here, so those that return at the same time connect one after the other. */
		predict: (clients: number, slower: number, arrivalMs: number): Figures => {
			const underWay = wait[0] === wait[1] ? arrivalMs : 0;
			const load = { clients, drain, wait, underWay, opened: 1_000 };
			return { ...comeback(load, scaled(slower)) };
		},
		figures: crowds,
	};
}

function scaled(slower: number): typeof costs {
	const bySpeed = Object.entries(costs).map(([name, value]) => [
		name,
		name.endsWith("Us") ? value * slower : value,
	]);
	return Object.fromEntries(bySpeed);
}
