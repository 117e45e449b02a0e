import { atEndOfTurn } from "../../core/scheduling.ts";
import { isReply, noMaster } from "./errors.ts";

/**
 * Makes sure that a server is a master. A replica takes subscriptions as well, but messages may
 * get lost on their way to it, and nobody is told.
 *
 * @param ask has the server answer ROLE: https://redis.io/docs/latest/commands/role/
 * @throws {ConnectorError} `unavailable` when it is no master.
 */
export async function assertMaster(address: string, ask: () => Promise<unknown>): Promise<void> {
	// A user that may not ask can still do everything else.
	const role = await ask().catch((error: unknown) => {
		if (!isReply(error)) throw error;
	});
	if (role === undefined || (Array.isArray(role) && String(role[0]) === "master")) return;
	throw noMaster(address);
}

/** Runs a task once for all calls in one turn of the event loop, after the last of them. */
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
