import type { Connector, Subscription, SubscriptionHandlers } from "../core/connector.ts";
import type { Disconnect } from "../core/control/disconnect.ts";
import type { ConnectorError } from "../core/errors.ts";
import { lineText, type NumberedLine } from "./protocol.ts";

/** The stream to one relay. */
export interface RelayTarget {
	write(text: string): void;
}

/** What a channel reports to the set of channels that holds it. */
export interface NumberedChannelOwner {
	/** The broker did not confirm the end of the subscription. */
	report(error: unknown): void;
	/** The last relay has left, or the subscription has ended. Called once. */
	ended(channel: NumberedChannel): void;
}

/** A line without its channel and number. */
type Body<Line> = Line extends readonly [infer Kind, string, number, ...infer Rest]
	? readonly [Kind, ...Rest]
	: never;

/**
 * One channel of this process for all relays. It has one subscription, and numbers its lines. Each line is made once,
 * for any number of relays.
 */
export class NumberedChannel implements SubscriptionHandlers {
	readonly name: string;
	readonly #epoch = crypto.randomUUID();
	/**
	 * The streams, and where their lines go. Undefined: the channel is not subscribed yet, and has no lines. A
	 * list: the lines wait until the stream was told which one is its first.
	 */
	readonly #targets = new Map<RelayTarget, RelayTarget | string[] | undefined>();
	readonly #owner: NumberedChannelOwner;
	/** Resolves once the subscription is live. */
	readonly #live: Promise<void>;
	#subscription: Subscription | undefined;
	#next = 0;
	#isLost = false;
	#over = false;
	/** Why the broker ended the subscription. */
	#error: ConnectorError | undefined;

	constructor(name: string, connector: Connector, owner: NumberedChannelOwner) {
		this.name = name;
		this.#owner = owner;
		this.#live = this.#subscribe(connector);
		// `add()` awaits the same promise, and tells each relay of the error.
		this.#live.catch(() => this.#end());
	}

	async #subscribe(connector: Connector): Promise<void> {
		const subscription = await connector.subscribe(this.name, this);
		this.#subscription = subscription;
		if (this.#over) this.#unsubscribe();
	}

	/**
	 * Sends all further lines to a stream.
	 *
	 * @param position asks for the channel's newest position. Undefined: the relay does not want it.
	 * @throws {ConnectorError} when the broker refuses, or cannot be reached.
	 */
	async add(target: RelayTarget, position?: () => Promise<string>): Promise<void> {
		const held: string[] = [];
		this.#targets.set(target, undefined);
		await this.#live;
		// Lines are held from here on. The position is asked for after that, so no message that follows it is missed.
		if (this.#targets.has(target)) {
			this.#targets.set(target, held);
			const [number, isLost] = [this.#next, this.#isLost];
			const newest = (await position?.()) ?? null;
			if (this.#targets.get(target) === held) {
				this.#targets.set(target, target);
				target.write(lineText(["live", this.name, number, this.#epoch, newest, isLost]));
				for (const text of held) target.write(text);
			}
		}
		if (this.#error !== undefined) throw this.#error;
	}

	remove(target: RelayTarget): void {
		if (this.#targets.delete(target) && this.#targets.size === 0) this.#end();
	}

	onMessage(payload: string): void {
		this.#say(["m", payload]);
	}

	onLost(error: ConnectorError): void {
		this.#isLost = true;
		this.#say(["lost", error.message]);
	}

	onRestored(): void {
		this.#isLost = false;
		this.#say(["restored"]);
	}

	onDegraded(error: ConnectorError): void {
		this.#say(["degraded", error.message]);
	}

	onDisconnect(disconnect: Disconnect): void {
		this.#say(["disconnect", disconnect]);
	}

	onEnd(error: ConnectorError): void {
		this.#error = error;
		this.#say(["end", error.code, error.message]);
		this.#end();
	}

	#say([kind, ...rest]: Body<NumberedLine>): void {
		const line = [kind, this.name, this.#next, ...rest] as unknown as NumberedLine;
		this.#next++;
		const text = lineText(line);
		for (const to of this.#targets.values()) {
			if (Array.isArray(to)) to.push(text);
			else to?.write(text);
		}
	}

	#end(): void {
		if (this.#over) return;
		this.#over = true;
		this.#targets.clear();
		this.#owner.ended(this);
		this.#unsubscribe();
	}

	#unsubscribe(): void {
		this.#subscription?.unsubscribe().catch((error: unknown) => this.#owner.report(error));
	}
}
