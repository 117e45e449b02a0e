import type { ConnectorError } from "../../core/errors.ts";
import type { Listener } from "../shared/listener.ts";

/** A subscribed channel at one node. Another one of the same name may follow it. */
export class SubscribedChannel {
	readonly name: string;
	/** Replaced and never changed, so that a message goes to the listeners of its time. */
	listeners: readonly Listener[] = [];
	/** Whether Redis has confirmed it on the current connection. */
	live = false;
	/** Whether it is being subscribed to on that connection. */
	joining = false;

	constructor(name: string) {
		this.name = name;
	}

	up(): void {
		this.joining = false;
		this.live = true;
		for (const listener of this.listeners) listener.up();
	}

	down(error: ConnectorError): void {
		this.joining = false;
		this.live = false;
		for (const listener of this.listeners) listener.down(error);
	}

	message(payload: string): void {
		// Messages from a node that the channel has left may be out of order.
		if (!this.live && !this.joining) return;
		for (const listener of this.listeners) listener.message(payload);
	}
}
