import type { Place } from "./admission.ts";
import type { Connection, EndReason } from "./connection.ts";
import { stopListening } from "./host.ts";
import type { Hub } from "./hub.ts";

/**
 * What is given back when a client's stream is over. An object, and its fields: the closures that it was made of took a
 * kilobyte of each client on Bun.
 */
export class Stay {
	/** The client's place among those that may be there. */
	readonly place: Place;
	readonly request: Request;
	readonly host: unknown;
	readonly connection: Connection;
	/** The hub, where it is this request's own. */
	readonly hub: Hub | undefined;
	readonly hubs: Set<Hub>;
	/** Tells the user's hook. */
	readonly disconnected: (reason: EndReason) => void;

	constructor(stay: Omit<Stay, "ended">) {
		this.place = stay.place;
		this.request = stay.request;
		this.host = stay.host;
		this.connection = stay.connection;
		this.hub = stay.hub;
		this.hubs = stay.hubs;
		this.disconnected = stay.disconnected;
	}

	ended(reason: EndReason): void {
		this.place.leave();
		stopListening(this.request, this.host, this.connection);
		if (this.hub !== undefined) this.hubs.delete(this.hub);
		this.disconnected(reason);
	}
}
