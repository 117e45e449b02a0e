import type { Connector } from "./connector.ts";
import type { Control } from "./control/channel.ts";
import type { Connection } from "./delivery/connection.ts";
import type { CheckedOptions } from "./options.ts";

/** Who sees streams begin and end. */
export interface StreamWatcher {
	/** A request may be streamed these channels. Undefined: it does not matter to the watcher. Never rejects. */
	admit(request: Request, names: readonly string[]): Promise<Visitor | undefined>;
	/** The instance closes, and its broker next. Never rejects. */
	close(): Promise<void>;
}

/** One stream, as its watcher sees it. */
export interface Visitor {
	/** What identifies its client, besides the key of `limits.perClient`. */
	readonly id: string | undefined;
	/** What makes the stream. Undefined: the instance's own connector. */
	readonly connector?: Connector | undefined;
	began(connection: Connection): void;
	/** Called once, if it began. */
	ended(): void;
}

/** What `ServerSentEvents` lends to `edge-sse/presence`. */
export interface PresenceHost {
	readonly options: CheckedOptions;
	readonly control: Control;
	/**
	 * The connector as it was given, without the prefix.
	 *
	 * @throws {ConnectorError} when it is closed.
	 */
	connector(): Connector;
	/** @throws {TypeError} when there is a watcher already. */
	watch(watcher: StreamWatcher): void;
}
