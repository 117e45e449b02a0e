import { Registry } from "prom-client";
import { loadNodeRedis } from "../../connectors/redis/clients/node-redis.ts";
import { createHub, type ServerHub } from "../create.ts";
import type { Listen, Listening } from "../listen/runtime.ts";
import { logAs } from "../log.ts";
import { collectProcess } from "../metrics.ts";
import { exitWith } from "../process.ts";
import type { Settings } from "../settings.ts";
import { streamsOf } from "../whole.ts";
import { type Begin, slotVariable } from "./begin.ts";
import { BorrowedPlaces } from "./borrowed.ts";
import { Peer } from "./peer.ts";
import { lenderOf, shareOf } from "./share.ts";

/** Whether this process is one of several, and was started by their parent. */
export function isChild(): boolean {
	return process.env[slotVariable] !== undefined && process.send !== undefined;
}

/**
 * Serves as one process of several: as `start` does, with what the parent tells.
 *
 * @param explain says why the process could not start.
 */
export async function serveAsChild(
	listen: Listen,
	explain: (error: unknown, settings: Settings) => unknown,
): Promise<void> {
	const slot = process.env[slotVariable] ?? "";
	logAs(Number(slot));
	endWithParent();
	// The parent gets the same signal from a terminal, and then ends its children.
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
		/** The whole hub stops. This process still listens, as a hub of one process does. */
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
		// The function that makes connectors reads the variables of this process.
		Object.assign(process.env, begin.environment);
		collectProcess(own);
		hub = createHub(environment, shareOf(begin, environment, peer, state));
		places = new BorrowedPlaces(hub.sse.connectionLimits, lenderOf(peer, begin.spare));
		if (hub.broker === "redis") await loadNodeRedis();
		server = await listen(hub, true);
		peer.tell("ready");
	} catch (error) {
		const explained = hub === undefined ? error : explain(error, hub.settings);
		// The parent prints the reason, and ends this process.
		peer.tell("failed", explained instanceof Error ? explained.message : String(explained));
	}
}

/** How often a child looks whether its parent lives, in ms. */
const lookInterval = 1_000;

/** Ends this process with its parent. Without the parent it has no broker, and nobody would ever end it. */
function endWithParent(): void {
	const end = () => process.exit(1);
	process.on("disconnect", end);
	// On Deno the IPC channel breaks when the parent left something unread. No event tells of that.
	const parent = process.ppid;
	setInterval(() => process.ppid !== parent && end(), lookInterval).unref();
}

function say(message: object): void {
	// A send fails only without a parent, and `disconnect` tells of that.
	process.send?.(message, undefined, undefined, () => undefined);
}
