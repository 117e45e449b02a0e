import type { OutgoingMessage, PublishOutcome, PublishResult } from "../../core/connector.ts";
import { ConnectorError } from "../../core/errors.ts";
import { Backlog, sizeOf } from "./backlog.ts";
import { type Lane, Waiting } from "./publish-lane.ts";

/** Messages of one channel that are sent together, in order. */
export interface ChannelBatch {
	readonly channel: string;
	readonly messages: readonly OutgoingMessage[];
}

/** How a connector sends what the queue has gathered. */
export interface Transport {
	/** How long a publish may take, in ms. */
	readonly timeout: number;
	/**
	 * Whether several channels share a call, as where each call costs money. Otherwise each
	 * channel has its own.
	 */
	readonly together: boolean;
	/** The connector, for the error when too much waits. */
	readonly owner: string;
	/**
	 * Sends one call.
	 *
	 * @param take returns what to send. Call it when the call can be sent at once: until then
	 *   more is gathered, and expired messages are removed. Call it again for a second attempt.
	 *   It may return nothing.
	 * @param ms how long the oldest message has left, in ms.
	 * @returns an outcome for each message of the last `take`, in order.
	 */
	send(
		channels: readonly string[],
		take: () => readonly ChannelBatch[],
		ms: number,
	): Promise<readonly PublishOutcome[]>;
	/** Why a message was not sent in time. */
	late(): ConnectorError;
}

/** Lets a call's own timer fire first, because its error says more. In ms. */
export const slack = 20;

/**
 * The most messages in one call. They keep a server, and its other clients, busy for some 10
 * ms.
 */
const mostMessages = 1_000;
const mostBytes = 1_048_576;

/**
 * Sends publishes in the order of their calls. While a call of a channel is running, later ones
 * are gathered and follow as one batch. So a broker that runs two calls at a time cannot invert
 * them.
 */
export class PublishQueue {
	readonly #transport: Transport;
	/** Each queue has its own: a request that ends leaves nothing to the next one's queue. */
	readonly #backlog: Backlog;
	readonly #lanes = new Map<string, Lane>();
	/**
	 * The messages without an outcome. All have the same time limit, so the oldest expires first.
	 */
	readonly #open = new Set<Waiting>();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#whenIdle: (() => void)[] = [];

	constructor(transport: Transport) {
		this.#transport = transport;
		this.#backlog = new Backlog(transport.owner);
	}

	get isIdle(): boolean {
		return this.#lanes.size === 0;
	}

	async publish(message: OutgoingMessage): Promise<PublishResult> {
		const [outcome] = await this.publishAll([message]);
		if (outcome === undefined || outcome.error !== undefined) throw outcome?.error;
		return outcome;
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		const deadline = performance.now() + this.#transport.timeout;
		const free = new Set<Lane>();
		const outcomes = messages.map((message) => this.#enter(message, deadline, free));
		this.#arm();
		if (this.#transport.together) this.#go([...free]);
		else for (const lane of free) this.#go([lane]);
		return Promise.all(outcomes);
	}

	/** Resolves when everything has its outcome. */
	async idle(): Promise<void> {
		if (this.#open.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
	}

	/** Rejects everything without an outcome. */
	close(error: ConnectorError): void {
		for (const waiting of [...this.#open]) this.#settle(waiting, { error });
	}

	#enter(message: OutgoingMessage, deadline: number, free: Set<Lane>): Promise<PublishOutcome> {
		const refusal = this.#backlog.enter(sizeOf(message));
		if (refusal !== undefined) return Promise.resolve({ error: refusal });
		const { channel } = message;
		const lane = this.#lanes.get(channel) ?? { channel, isBusy: false, waiting: [] };
		this.#lanes.set(channel, lane);
		return new Promise((resolve) => {
			const waiting = new Waiting(message, deadline, resolve);
			this.#open.add(waiting);
			lane.waiting.push(waiting);
			if (!lane.isBusy) free.add(lane);
		});
	}

	#go(lanes: readonly Lane[]): void {
		if (lanes.length === 0) return;
		for (const lane of lanes) lane.isBusy = true;
		void this.#call(lanes).then(() => {
			const rest: Lane[] = [];
			for (const lane of lanes) {
				lane.isBusy = false;
				lane.waiting = lane.waiting.filter(({ isOpen }) => isOpen);
				if (lane.waiting.length > 0) rest.push(lane);
				else this.#lanes.delete(lane.channel);
			}
			if (this.#transport.together) this.#go(rest);
			else for (const lane of rest) this.#go([lane]);
		});
	}

	/** One call for the lanes' messages. Never rejects. */
	async #call(lanes: readonly Lane[]): Promise<void> {
		let taken: Waiting[] | undefined;
		const take = () => {
			taken ??= takeFrom(lanes);
			taken = taken.filter(({ isOpen }) => isOpen);
			return batchesOf(taken);
		};
		const channels = lanes.map(({ channel }) => channel);
		const oldest = Math.min(...lanes.map(({ waiting }) => waiting[0]?.deadline ?? Infinity));
		try {
			const left = Math.max(1, oldest - performance.now());
			const outcomes = await this.#transport.send(channels, take, left);
			for (const [index, waiting] of (taken ?? []).entries()) {
				this.#settle(waiting, outcomes[index] ?? { error: this.#transport.late() });
			}
		} catch (cause) {
			const error =
				cause instanceof ConnectorError
					? cause
					: new ConnectorError("unavailable", "The connector failed.", { cause });
			for (const waiting of taken ?? concerned(lanes, error)) this.#settle(waiting, { error });
		}
	}

	#settle(waiting: Waiting, outcome: PublishOutcome): void {
		if (!this.#open.delete(waiting)) return;
		this.#backlog.leave(sizeOf(waiting.message));
		waiting.settle(outcome);
		if (this.#open.size > 0) return;
		clearTimeout(this.#timer);
		this.#timer = undefined;
		for (const resolve of this.#whenIdle.splice(0)) resolve();
	}

	/** One timer for all. It fires when the oldest has waited too long. */
	#arm(): void {
		const [oldest] = this.#open;
		if (this.#timer !== undefined || oldest === undefined) return;
		const ms = Math.max(0, oldest.deadline + slack - performance.now());
		this.#timer = setTimeout(() => {
			this.#timer = undefined;
			const now = performance.now();
			for (const waiting of [...this.#open]) {
				if (waiting.deadline > now) break;
				this.#settle(waiting, { error: this.#transport.late() });
			}
			this.#arm();
		}, ms);
	}
}

/** The next batch of each lane, as much as one call carries. */
function takeFrom(lanes: readonly Lane[]): Waiting[] {
	const taken: Waiting[] = [];
	let bytes = 0;
	for (const lane of lanes) {
		const all = lane.waiting.filter(({ isOpen }) => isOpen);
		let count = 0;
		for (const { message } of all) {
			bytes += message.payload.length;
			const isFull = taken.length + count >= mostMessages || bytes > mostBytes;
			if (isFull && taken.length + count > 0) break;
			count++;
		}
		taken.push(...all.slice(0, count));
		lane.waiting = all.slice(count);
	}
	return taken;
}

/** Groups neighbours of one channel: the lanes come one after another. */
function batchesOf(taken: readonly Waiting[]): ChannelBatch[] {
	const batches = new Map<string, OutgoingMessage[]>();
	for (const { message } of taken) {
		const messages = batches.get(message.channel) ?? [];
		batches.set(message.channel, messages);
		messages.push(message);
	}
	return [...batches].map(([channel, messages]) => ({ channel, messages }));
}

/** The messages that fail because nothing could be sent. */
function concerned(lanes: readonly Lane[], error: ConnectorError): readonly Waiting[] {
	const all = lanes.flatMap(({ waiting }) => waiting);
	if (error.code !== "unavailable") return all;
	// The others have time left, and the broker may be back by then.
	const now = performance.now() + slack;
	const expired = all.filter(({ deadline }) => deadline <= now);
	return expired.length > 0 ? expired : all;
}
