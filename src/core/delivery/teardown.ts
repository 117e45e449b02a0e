import type { Control } from "../control/channel.ts";
import type { Visitor } from "../presence-host.ts";
import type { Slot } from "../request/connection-limits.ts";
import { stopListening } from "../sinks/host.ts";
import type { Connection, EndReason } from "./connection.ts";
import type { Hub } from "./hub.ts";

/**
 * Releases what a stream holds. Fields rather than closures: the closures cost 1 kB per client
 * on Bun.
 */
export interface Teardown {
	/** The client's slot in the connection limits. */
	readonly slot: Slot;
	readonly request: Request;
	readonly host: unknown;
	readonly connection: Connection;
	/** The hubs that belong to single requests, and this request's hub. */
	readonly hubs: Set<Hub>;
	readonly hub: Hub;
	readonly control: Control;
	/** Tells the user's hook. */
	readonly disconnected: (reason: EndReason) => void;
	readonly visitor: Visitor | undefined;
	/** What identifies the client. */
	clients(): readonly (string | undefined)[];
	ended(reason: EndReason): void;
}

export function clients(this: Teardown): readonly (string | undefined)[] {
	return [this.slot.key, this.visitor?.id];
}

export function ended(this: Teardown, reason: EndReason): void {
	this.slot.release();
	stopListening(this.request, this.host, this.connection);
	this.hubs.delete(this.hub);
	this.control.leave();
	this.visitor?.ended();
	this.disconnected(reason);
}
