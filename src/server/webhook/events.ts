import { proofOf } from "../../auth/verify.ts";
import type { ServerSentEventsOptions, StreamInfo } from "../../core/options.ts";
import { WebhookDelivery } from "./delivery.ts";
import type { WebhookSettings } from "./settings.ts";

/** A channel is vacant after this time without a stream, in ms. So the reload of a page makes no channel vacant. */
const grace = 3_000;

/** How long a process that stops waits for the receiver, in ms. */
const drain = 3_000;

interface Hooks {
	onConnect: NonNullable<ServerSentEventsOptions["onConnect"]>;
	onDisconnect: NonNullable<ServerSentEventsOptions["onDisconnect"]>;
}

/** Sends a webhook for each stream of this process that begins or ends, and for each channel that becomes occupied or vacant. */
export class Webhooks {
	readonly #delivery: WebhookDelivery;
	/** The id of this process. A channel is vacant only when it is so in all processes. */
	readonly #hub = crypto.randomUUID();
	/** The clients, by the streams that the hooks are called with. */
	readonly #clients = new WeakMap<StreamInfo, string>();
	/** How many streams each channel has. */
	readonly #counts = new Map<string, number>();
	/** The channels that have no stream, until they are reported as vacant. */
	readonly #vacant = new Map<string, ReturnType<typeof setTimeout>>();

	constructor(settings: WebhookSettings) {
		this.#delivery = new WebhookDelivery(settings);
	}

	readonly onConnect: Hooks["onConnect"] = (stream, request) => {
		const client = proofOf(request)?.subject;
		if (client !== undefined) this.#clients.set(stream, client);
		this.#send("stream.connected", { channels: stream.channels, client });
		for (const channel of stream.channels) this.#enter(channel);
	};

	readonly onDisconnect: Hooks["onDisconnect"] = (stream, { reason, duration }) => {
		const client = this.#clients.get(stream);
		const { channels } = stream;
		this.#send("stream.disconnected", { channels, client, reason, duration });
		for (const channel of channels) this.#leave(channel);
	};

	/** To be called when all streams have ended. */
	async close(): Promise<void> {
		for (const channel of [...this.#vacant.keys()]) this.#vacate(channel);
		await this.#delivery.close(drain);
	}

	#enter(channel: string): void {
		const count = this.#counts.get(channel) ?? 0;
		this.#counts.set(channel, count + 1);
		if (count > 0) return;
		clearTimeout(this.#vacant.get(channel));
		if (!this.#vacant.delete(channel)) this.#send("channel.occupied", { channel });
	}

	#leave(channel: string): void {
		const count = (this.#counts.get(channel) ?? 0) - 1;
		if (count > 0) {
			this.#counts.set(channel, count);
			return;
		}
		this.#counts.delete(channel);
		this.#vacant.set(
			channel,
			setTimeout(() => this.#vacate(channel), grace),
		);
	}

	#vacate(channel: string): void {
		clearTimeout(this.#vacant.get(channel));
		this.#vacant.delete(channel);
		this.#send("channel.vacated", { channel });
	}

	#send(type: string, data: object): void {
		this.#delivery.send(type, { hub: this.#hub, ...data });
	}
}

/** Hooks that call each of these, in order. */
export function together(
	hooks: readonly Pick<ServerSentEventsOptions, keyof Hooks>[],
): Pick<ServerSentEventsOptions, keyof Hooks> {
	if (hooks.length < 2) return hooks[0] ?? {};
	return {
		onConnect: (...args) => {
			for (const { onConnect } of hooks) onConnect?.(...args);
		},
		onDisconnect: (...args) => {
			for (const { onDisconnect } of hooks) onDisconnect?.(...args);
		},
	};
}
