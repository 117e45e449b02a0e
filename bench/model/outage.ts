/** Simulates a broker that was away: every hub subscribes again to its channels, and reads what it missed. */
import { type Return, Server, Simulation, seeded, summary } from "./simulation.ts";

export interface Outage {
	hubs: number;
	/** How many channels each hub has. */
	channels: number;
	/** For how long the broker was away, in ms. */
	away: number;
	/** How many Redis servers share the channels. */
	nodes?: number;
	/** The round trip from a hub to Redis, in ms. */
	roundTrip: number;
	seed?: number;
}

export interface RestoreCosts {
	/** The CPU time of a hub for each channel, in µs: to subscribe, and to read what was missed. */
	resubscribeUs: number;
	restoreUs: number;
	/** The CPU time of Redis for the same. */
	redisSubscribeUs: number;
	redisReadUs: number;
}

/** `firstPause` and `longestPause` of src/connectors/shared/backoff.ts, in ms. */
const firstPause = 50;
const longestPause = 1_500;

/** `restorationsAtATime` of src/core/delivery/hub.ts. */
const restorationsAtATime = 32;

/** With more channels, one stands for several, so that the simulation takes less than a minute. */
const most = 20_000;

export function outage(load: Outage, costs: RestoreCosts): Return & { first: number } {
	const { hubs, channels, away, nodes = 1, roundTrip, seed = 1 } = load;
	const simulation = new Simulation();
	const random = seeded(seed);
	const each = Math.ceil((hubs * channels) / most);
	const units = Math.ceil(channels / each);
	const width = Math.max(1, Math.floor(restorationsAtATime / each));
	const ms = (us: number) => (us * each) / 1_000;
	const redis = Array.from({ length: nodes }, () => new Server(simulation));
	const asked: number[] = [];
	const back: number[] = [];

	for (let number = 0; number < hubs; number++) {
		const hub = new Server(simulation);
		let free = width;
		const line: (() => void)[] = [];
		const nodeOf = (unit: number) => redis[(number + unit) % nodes] as Server;
		const read = (unit: number): void => {
			hub.serve(ms(costs.restoreUs / 2), () =>
				nodeOf(unit).serve(ms(costs.redisReadUs), () => {
					back.push(simulation.now);
					simulation.after(roundTrip, () =>
						hub.serve(ms(costs.restoreUs / 2), () => {
							const next = line.shift();
							if (next === undefined) free++;
							else next();
						}),
					);
				}),
			);
		};
		const restore = (unit: number): void => {
			if (free === 0) line.push(() => read(unit));
			else {
				free--;
				read(unit);
			}
		};
		simulation.at(reconnection(away, random), () => {
			for (let unit = 0; unit < units; unit++) {
				hub.serve(ms(costs.resubscribeUs / 2), () => {
					asked.push(simulation.now);
					nodeOf(unit).serve(ms(costs.redisSubscribeUs), () =>
						simulation.after(roundTrip, () =>
							hub.serve(ms(costs.resubscribeUs / 2), () => restore(unit)),
						),
					);
				});
			}
		});
	}
	simulation.run();
	const longest = Math.max(...redis.map((node) => node.longest)) * each;
	return { ...summary(back, asked, longest, each), first: asked[0] ?? 0 };
}

/** How long after the broker's return a hub makes its next attempt, in ms. */
function reconnection(away: number, random: () => number): number {
	let time = -away;
	for (let failures = 0; time < 0; failures++) {
		time += Math.min(longestPause, firstPause * 2 ** failures) * (0.5 + random() / 2);
	}
	return time;
}
