import { setTimeout as delay } from "node:timers/promises";
import {
	type Server,
	type ServerOptions,
	type ServerProcess,
	startServer,
} from "../support/server.ts";
import type { Fault, HubSlot } from "./environment.ts";

/** Small enough that the streams of slow clients overflow, and that no channel stays for long. */
const settings = {
	SSE_MAX_BUFFERED_BYTES: "262144",
	SSE_LINGER: "200",
	SSE_KEEP_ALIVE: "500",
	SSE_PUBLISH_OPEN: "true",
};

/** `hub.ts` of this folder, with the way in which this hub reaches the broker. */
export function ownHub(broker: object): ServerOptions {
	return {
		program: ["--expose-gc", "test/torture/programs/hub.ts"],
		env: { ...settings, TORTURE_BROKER: JSON.stringify(broker) },
	};
}

/** What `npm start` runs. */
export function realHub(env: Record<string, string>): ServerOptions {
	return { env: { ...settings, ...env } };
}

/** A hub that runs as a program of this machine. */
export interface ProcessSlot extends HubSlot {
	server: ServerProcess | undefined;
}

/** Hubs as processes, which are killed and restarted. */
export class Hubs {
	readonly slots: ProcessSlot[] = [];
	readonly problems: string[] = [];
	readonly #options = new Map<ProcessSlot, ServerOptions>();

	async start(name: string, options: ServerOptions): Promise<ProcessSlot> {
		const slot: ProcessSlot = { name, server: await startServer("node", options) };
		this.slots.push(slot);
		this.#options.set(slot, options);
		return slot;
	}

	/** Kills the hub, or shuts it down gracefully, and starts it again. */
	fault(slot: ProcessSlot, onEnd: (from: number) => void = () => undefined): Fault {
		return {
			name: "hub restarted",
			target: slot.name,
			strike: async (random) => {
				const { server } = slot;
				const from = Date.now();
				slot.server = undefined;
				if (random.chance(0.3)) await this.#stop(slot.name, server);
				else await server?.kill();
				onEnd(from);
				this.#judge(slot.name, server?.output ?? "");
				await delay(random.between(0, 500));
				slot.server = await startServer("node", this.#options.get(slot));
			},
		};
	}

	async stop(): Promise<void> {
		for (const slot of this.slots) {
			const { name, server } = slot;
			slot.server = undefined;
			await this.#stop(name, server);
			this.#judge(name, server?.output ?? "");
		}
	}

	async #stop(name: string, server: Server | undefined): Promise<void> {
		try {
			const code = (await server?.stop()) ?? 0;
			if (code === 0) return;
			this.problems.push(`${name} ended with ${code}: ${server?.output.slice(-2_000)}`);
		} catch (error) {
			this.problems.push(`${name} did not shut down: ${error}`);
			await server?.kill();
		}
	}

	/** A hub may report that its broker is down. Errors of its own code are problems. */
	#judge(name: string, output: string): void {
		// As a cause it is how fetch reports a broken network, which the faults produce.
		const bad =
			/^(?!.*\[cause\]).*(Unhandled|TypeError|ReferenceError|RangeError|threw\.|MaxListeners).*$/im;
		const [line] = bad.exec(output) ?? [];
		if (line !== undefined) this.problems.push(`${name} printed: ${line}`);
	}
}
