import { atEndOfTurn } from "../../core/scheduling.ts";
import { isReply, noMaster } from "./errors.ts";

/**
 * Makes sure that a server is a master. A replica takes subscriptions as well; but what it hears of the channel's
 * messages came a way on which they can get lost with nobody told.
 *
 * @param ask has the server answer ROLE (https://redis.io/docs/latest/commands/role/).
 * @throws {ConnectorError} `unavailable` when it is none.
 */
export async function assertMaster(address: string, ask: () => Promise<unknown>): Promise<void> {
	// A user who may not ask is not kept from all the rest.
	const role = await ask().catch((error: unknown) => {
		if (!isReply(error)) throw error;
	});
	if (role === undefined || (Array.isArray(role) && String(role[0]) === "master")) return;
	throw noMaster(address);
}

/** Runs a task once for all who want it in one turn of the event loop, after the last of them has called. */
export function oncePerTurn(task: () => Promise<void>): () => Promise<void> {
	let next: Promise<void> | undefined;
	return () => {
		next ??= new Promise<void>(atEndOfTurn).then(() => {
			next = undefined;
			return task();
		});
		return next;
	};
}
