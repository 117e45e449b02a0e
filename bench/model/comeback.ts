/** The clients of a hub lose their streams and come to another hub: a deploy, or a crash. */
import { type Return, Simulation, seeded, summary } from "./simulation.ts";

export interface Comeback {
	/** Who comes to the one hub that is looked at. */
	clients: number;
	/** Over how long the old hub ends their streams, in ms; 0: it is killed. */
	drain: number;
	/** How long a client waits, in ms: a random time between the two. */
	wait: readonly [least: number, most: number];
	/** Within which time those arrive who leave at once, in ms: they are not equally far away. */
	underWay: number;
	/** Streams that the hub has opened before. Default 0. */
	opened?: number;
	seed?: number;
}

export interface ConnectCosts {
	/** CPU for a stream, of the first thousand of a new process and of later ones, in µs. */
	coldConnectUs: number;
	connectUs: number;
	/** Of it for the connection. */
	acceptUs: number;
	/** Connections that the kernel keeps for a server that is busy. It forgets others, and their clients do not know. */
	backlog: number;
	/** Until a request that was not acknowledged is sent again, in ms; then after twice as long each time. */
	requestRetryMs: number;
	/** By how much that time differs from client to client: a share of it. */
	retrySpread: number;
}

/** As the library has them: `jitteredRetry`, `ReconnectingSource`, and what browsers wait without a `retry:`. */
export const told: readonly [number, number] = [2_000, 6_000];
export const chromium: readonly [number, number] = [3_000, 3_000];

/** `drainStep` and `turnClients` of src/core. */
const drainStep = 25;
const turnClients = 8;

/** Streams of a new process until its code is compiled: the second thousand costs what later ones do. */
const cold = 1_000;

export function comeback(load: Comeback, costs: ConnectCosts): Return {
	const { clients, drain, wait, underWay, opened: before = 0, seed = 1 } = load;
	const [least, most] = wait;
	const simulation = new Simulation();
	const random = seeded(seed);
	const asked: number[] = [];
	const back: number[] = [];
	/** Connections that the kernel has, and streams that the process has not opened yet. */
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
			// After all that happens at this time.
			if (!running) simulation.after(0, turn);
			running = true;
		} else {
			// The client has an open connection by then, and its kernel sends the request again.
			simulation.after(pause, () => connect(2 * pause));
		}
	};

	/** One turn of the event loop: all connections that are there, and a few streams. */
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
