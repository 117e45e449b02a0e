/**
 * Measures what a delivery costs a hub of two processes, broker included, and a hub of one:
 *
 *     npx node bench/processes.ts          # 300, 1,000 and 3,000 viewers of one channel
 *     npx node bench/processes.ts bun
 *
 * Both hubs run as `npm start` runs them, on one machine, and are measured in turn. Events are published one by one over
 * HTTP, each when every viewer has the event before. The kernel counts the CPU time of all processes of the hub.
 */
import { connect, type Socket } from "node:net";
import { health, publish } from "../test/support/hub-client.ts";
import { type RuntimeName, type ServerProcess, startServer } from "../test/support/server.ts";
import { until } from "../test/support/wait.ts";
import { usageOf } from "./harness/accounting.ts";

const events = 100;
const warmUp = 20;
const rounds = 5;
const [runtime = "node"] = process.argv.slice(2) as RuntimeName[];

async function compare(viewers: number): Promise<void> {
	const env = { SSE_PUBLISH_OPEN: "true", SSE_KEEP_ALIVE: "600000", SSE_BROKER_TIMEOUT: "60000" };
	const hubs = await Promise.all(
		["1", "2"].map((count) =>
			startServer(runtime, { env: { ...env, SSE_PROCESSES: count }, ...program() }),
		),
	);
	try {
		const crowds: [ServerProcess, Crowd][] = [];
		for (const hub of hubs) crowds.push([hub, await Crowd.open(hub, viewers)]);
		const ratios: number[] = [];
		const costs: number[][] = [[], []];
		for (let round = 0; round < rounds; round++) {
			const taken: number[] = [];
			for (const [at, [hub, crowd]] of crowds.entries()) {
				const cost = await measure(hub, crowd);
				costs[at]?.push(cost);
				taken.push(cost);
			}
			ratios.push((taken[1] ?? 0) / (taken[0] ?? 0));
		}
		const [one = [], two = []] = costs;
		console.log(
			`${viewers} viewers: 1 process ${median(one).toFixed(2)} µs a delivery, 2 processes ${median(two).toFixed(2)}; ` +
				`× ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}, ${rounds} rounds)`,
		);
		for (const [, crowd] of crowds) crowd.close();
	} finally {
		for (const hub of hubs) await hub.kill();
	}
}

/** On Deno not what `npm run start:deno` runs, because that may not start processes. */
function program() {
	const allowed = ["--no-prompt", "--allow-net", "--allow-env", "--allow-read", "--allow-run"];
	return runtime === "deno" ? { program: ["run", ...allowed, "src/server/deno.ts"] } : {};
}

/** @returns the CPU time of a delivery, in µs. */
async function measure(hub: ServerProcess, crowd: Crowd): Promise<number> {
	let begun = usageOf(hub.pid);
	for (let event = 1; event <= warmUp + events; event++) {
		if (event === warmUp + 1) begun = usageOf(hub.pid);
		const all = crowd.next();
		await publish(hub, { data: "x".repeat(100), channel: "bench" });
		await all;
	}
	const { user, system } = usageOf(hub.pid);
	return ((user + system - begun.user - begun.system) / (events * crowd.size)) * 1e6;
}

/** Viewers that count the ends of events, and parse nothing. */
class Crowd {
	readonly #sockets: Socket[] = [];
	#missing = 0;
	#all: () => void = () => undefined;

	static async open(hub: ServerProcess, size: number): Promise<Crowd> {
		const crowd = new Crowd();
		const port = Number(new URL(hub.url).port);
		for (let opened = 0; opened < size; opened += 100) {
			for (let more = Math.min(100, size - opened); more > 0; more--) crowd.#enter(port);
			await until(async () => (await health(hub)).connections === crowd.size, { what: "viewers" });
		}
		return crowd;
	}

	get size(): number {
		return this.#sockets.length;
	}

	/** Resolves when each viewer has one more event. */
	next(): Promise<void> {
		this.#missing = this.size;
		return new Promise((resolve) => {
			this.#all = resolve;
		});
	}

	close(): void {
		for (const socket of this.#sockets) socket.destroy();
	}

	#enter(port: number): void {
		const socket = connect(port, "127.0.0.1");
		socket.write("GET /stream?channel=bench HTTP/1.1\r\nhost: localhost\r\n\r\n");
		socket.on("data", (bytes) => {
			if (bytes.includes("data:x") && --this.#missing === 0) this.#all();
		});
		this.#sockets.push(socket);
	}
}

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

for (const viewers of [300, 1_000, 3_000]) await compare(viewers);
