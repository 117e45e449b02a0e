/** A candidate with the relays that it has. */
import type { Candidate } from "../candidates.ts";
import { type Usage, usageOf } from "./accounting.ts";
import { type Server, startServer } from "./server.ts";

const token = "relay-token";

export class Servers {
	readonly #root: Server;
	readonly #relays: readonly Server[];

	private constructor(root: Server, relays: readonly Server[]) {
		this.#root = root;
		this.#relays = relays;
	}

	static async start(
		candidate: Candidate,
		env: Readonly<Record<string, string>>,
	): Promise<Servers> {
		const { relays = 0 } = candidate;
		if (relays === 0) return new Servers(await startServer(candidate, env), []);
		const root = await startServer(candidate, { ...env, SSE_RELAY_TOKEN: token });
		const upstream = {
			SSE_UPSTREAM_URL: `http://127.0.0.1:${root.port}`,
			SSE_UPSTREAM_TOKEN: token,
		};
		const started: Server[] = [];
		try {
			for (let left = relays; left > 0; left--) {
				started.push(await startServer(candidate, { ...env, ...upstream }));
			}
		} catch (error) {
			await new Servers(root, started).stop();
			throw error;
		}
		return new Servers(root, started);
	}

	/** Messages go in there. */
	get port(): number {
		return this.#root.port;
	}

	/** Clients read there; empty: where messages go in. */
	get readerPorts(): number[] {
		return this.#relays.map(({ port }) => port);
	}

	/** Of all of them. */
	get usage(): Usage {
		const all = this.#relays.map(({ pid }) => usageOf(pid));
		return all.reduce(
			(sum, { user, system, resident }) => ({
				user: sum.user + user,
				system: sum.system + system,
				resident: sum.resident + resident,
			}),
			usageOf(this.#root.pid),
		);
	}

	/** Of the one that has relays. */
	get rootUsage(): Usage | undefined {
		return this.#relays.length === 0 ? undefined : usageOf(this.#root.pid);
	}

	/** SIGKILL; what they printed. */
	async stop(): Promise<string> {
		const printed = await Promise.all([...this.#relays, this.#root].map((each) => each.stop()));
		return printed.filter((text) => text !== "").join("\n");
	}
}
