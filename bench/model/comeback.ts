/** Simulates clients that lose their hub and go to another one: a deploy, or a crash. */
import { type Return, Simulation, seeded, summary } from "./simulation.ts";

export interface Comeback {
	/** How many clients come to the hub that is simulated. */
	clients: number;
	/** Over how long the old hub ends their streams, in ms. 0: it is killed. */
	drain: number;
	/** How long a client waits, in ms: a random time between the two. */
	wait: readonly [least: number, most: number];
	/** Clients that leave at once arrive within this time, in ms, because they are not equally far away. */
	underWay: number;
	/** How many streams the hub has opened before. Default 0. */
	opened?: number;
	seed?: number;
}

export interface ConnectCosts {
	/** The CPU time for one of the first thousand streams of a new process, and for a later one, in µs. */
	coldConnectUs: number;
	connectUs: number;
	/** The part of that for the connection. */
	acceptUs: number;
	/** How many connections the kernel keeps for a busy server. It forgets further ones without telling their clients. */
	backlog: number;
	/** When a request that was not acknowledged is sent again, in ms. Each further time is twice as long. */
	requestRetryMs: number;
	/** By what share that time differs from client to client. */
	retrySpread: number;
}

/** How long clients wait, in ms: `jitteredRetry` and `ReconnectingSource` of the library, and browsers without a `retry:`. */
export const told: readonly [number, number] = [2_000, 6_000];
export const chromium: readonly [number, number] = [3_000, 3_000];

/** `drainStep` and `turnClients` of src/core. */
const drainStep = 25;
const turnClients = 8;

/** How many streams a new process opens until its code is compiled. Later ones cost less. */
const cold = 1_000;

export function comeback(load: Comeback, costs: ConnectCosts): Return {
	const { clients, drain, wait, underWay, opened: before = 0, seed = 1 } = load;
	const [least, most] = wait;
	const simulation = new Simulation();
	const random = seeded(seed);
	const asked: number[] = [];
	const back: number[] = [];
	/** How many connections the kernel keeps, and how many streams the process has not opened yet. */
	let backlog = 0;
	let accepted = 0;
	let waiting = 0;
	let longest = 0;
	let running = false;

	const dial = (): void => {
		asked.push(simulation.now);
		longest = Math.max(longest, ++waiting);
		connect(costs.requestRetryMs * (1 + costs.retrySpread * random()));
	};

	const connect = (pause: number): void => {
		if (backlog <= costs.backlog) {
			backlog++;
			// Comes after everything else that happens at this time.
			if (!running) simulation.after(0, turn);
			running = true;
		} else {
			// The client takes its connection for open, so its kernel sends the request again.
			simulation.after(pause, () => connect(2 * pause));
		}
	};

	/** One turn of the event loop: it accepts all connections, and opens a few streams. */
	const turn = (): void => {
		running = backlog + accepted > 0;
		if (!running) return;
		let spent = backlog * costs.acceptUs;
		accepted += backlog;
		backlog = 0;
		const opened = Math.min(accepted, turnClients);
		accepted -= opened;
		for (let n = 0; n < opened; n++) {
			const isCold = before + back.length < cold;
			const whole = isCold ? costs.coldConnectUs : costs.connectUs;
			spent += whole - costs.acceptUs;
			back.push(simulation.now + spent / 1_000);
		}
		simulation.after(spent / 1_000, () => {
			waiting -= opened;
			turn();
		});
	};

	for (let number = 0; number < clients; number++) {
		const due = (drain * (number + 1)) / clients;
		const ended = Math.ceil(due / drainStep) * drainStep;
		simulation.at(ended + least + random() * (most - least) + random() * underWay, dial);
	}
	simulation.run();
	return summary(back, asked, longest);
}
