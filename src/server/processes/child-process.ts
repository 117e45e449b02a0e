import { Registry } from "prom-client";
import { loadNodeRedis } from "../../connectors/redis/clients/node-redis.ts";
import { SseError } from "../../core/errors.ts";
import { relay } from "../../relay.ts";
import { createHub, type ServerHub, type Share } from "../create.ts";
import type { Listen, Listening } from "../listen/runtime.ts";
import { logAs, logFailure } from "../log.ts";
import { collectProcess } from "../metrics.ts";
import { exitWith } from "../process.ts";
import type { Settings } from "../settings.ts";
import { type Environment, whole as wholeNumber } from "../variables.ts";
import { type ProcessFigures, streamsOf } from "../whole.ts";
import { type Begin, slotVariable } from "./begin.ts";
import { BorrowedPlaces, type Lender } from "./borrowed.ts";
import { Peer } from "./peer.ts";

/** Whether this process is one of several, and was started by their parent. */
export function isChild(): boolean {
	return process.env[slotVariable] !== undefined && process.send !== undefined;
}

/** One process of the hub: what `start` does, with what its parent tells. */
export async function serveAsChild(
	listen: Listen,
	explain: (error: unknown, settings: Settings) => unknown,
): Promise<void> {
	const slot = process.env[slotVariable] ?? "";
	logAs(Number(slot));
	endWithParent();
	// The parent decides: it has the same from a terminal, and ends its children.
	process.on("SIGINT", () => undefined);
	process.on("SIGUSR2", () => undefined);
	process.on("SIGTERM", () => peer.tell("signalled"));
	const own = new Registry();
	own.setDefaultLabels({ process: slot });
	let hub: ServerHub | undefined;
	let server: Listening | undefined;
	let places: BorrowedPlaces | undefined;
	const state = { isClosing: false, isEnding: false };
	const end = async () => {
		if (state.isEnding) return;
		state.isEnding = true;
		await hub?.close();
		await server?.stop();
		process.exit(0);
	};
	const peer = new Peer(say, {
		stats: () => hub?.sse.stats(),
		streamsOf: (channel: string) => hub && streamsOf(hub.sse, channel),
		metrics: () => own.metrics(),
		places: (count: number) => places?.lend(count),
		recall: () => places?.recall(),
		/** The hub stops: this process still listens, as one alone would. */
		close: () => {
			state.isClosing = true;
			return end();
		},
		/** Another process takes over. */
		leave: () => {
			server?.refuse();
			return end();
		},
	});
	process.on("message", (message) => {
		peer.receive(message).catch(exitWith);
	});
	try {
		const begin = await peer.ask<Begin>("begin");
		const environment = { ...process.env, ...begin.environment };
		// The connectors' factory reads the process's own.
		Object.assign(process.env, begin.environment);
		collectProcess(own);
		hub = createHub(environment, shareOf(begin, environment, peer, state));
		places = new BorrowedPlaces(hub.sse.connectionLimits, lender(peer, begin.spare));
		if (hub.broker === "redis") await loadNodeRedis();
		server = await listen(hub, true);
		peer.tell("ready");
	} catch (error) {
		const explained = hub === undefined ? error : explain(error, hub.settings);
		// The parent says it, and ends this process.
		peer.tell("failed", explained instanceof Error ? explained.message : String(explained));
	}
}

/** How often it is looked at whether the parent lives, in ms. */
const lookInterval = 1_000;

/** When the parent is gone, so are the broker and whoever would end this process. */
function endWithParent(): void {
	const end = () => process.exit(1);
	process.on("disconnect", end);
	// Deno says nothing when the parent left something unread: the line breaks then, and does not end.
	const parent = process.ppid;
	setInterval(() => process.ppid !== parent && end(), lookInterval).unref();
}

function say(message: object): void {
	// The parent's end is told by `disconnect`.
	process.send?.(message, undefined, undefined, () => undefined);
}

function shareOf(
	{ upstream, broker }: Pick<Begin, "upstream" | "broker">,
	environment: Environment,
	peer: Peer,
	state: { readonly isClosing: boolean },
): Share {
	const asked = async <Answer>(what: string, value?: unknown): Promise<Answer> => {
		try {
			return await peer.ask<Answer>(what, value);
		} catch (cause) {
			throw new SseError("unavailable", "The other processes of the hub could not be asked.", {
				cause,
			});
		}
	};
	const timeout = wholeNumber(environment, "SSE_BROKER_TIMEOUT", { least: 1 });
	return {
		connector:
			upstream &&
			relay(upstream.url, { token: upstream.token, history: upstream.history, timeout }),
		whole: {
			...{ isShared: true, broker },
			get isClosing() {
				return state.isClosing;
			},
			stats: () => asked("allStats"),
			streamsOf: (channel) => asked("allStreamsOf", channel),
			processes: () => asked<ProcessFigures>("allProcesses"),
		},
	};
}

/** Places come from the parent, who also counts those of processes that have ended. */
function lender(peer: Peer, spare: number): Lender {
	return {
		spare,
		give: (places: number) => peer.tell("give", places),
		take: async () => {
			try {
				return await peer.ask<boolean>("take");
			} catch (error) {
				// They may still come. Whoever waited is told to come back.
				logFailure("places", error);
				return false;
			}
		},
	};
}
