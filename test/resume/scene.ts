import { onTestFinished } from "vitest";
import type { Connector, HistoryOptions } from "../../src/core/connector.ts";
import type { ServerSentEventsOptions } from "../../src/core/options.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { Client, type OpenOptions } from "./client.ts";

/** A broker that keeps messages, with what the resume suite needs. */
export interface Broker {
	/** A new connector, as a process that starts has it. */
	connect(history: HistoryOptions): Connector;
	/** Publishes as a Flask app does, which stores nothing. */
	foreign(connector: Connector, channel: string, payload: string): Promise<void>;
	/** Whether two connectors see each other's messages, and the history outlives both. */
	shared: boolean;
	/** Empties the store. Where it is not shared, a new connector does the same. */
	wipe(): Promise<void>;
	/** Reads of any history so far. */
	reads(): Promise<number>;
	/** Commands so far that publishing needed, of any kind. */
	commands(): Promise<number>;
	/** The history of channels is read regularly. */
	polled?: true;
	/**
	 * Which streams read the history for themselves, because their hub serves no other. Default: none,
	 * concurrent requests share their reads.
	 */
	readsAlone?: "all" | "those of several channels";
	/** Another process makes its streams, and this is what `onError` was told there. */
	reports?(): Promise<Report[]>;
}

export interface Report {
	code: string | undefined;
	stage: string;
	channel: string | undefined;
}

export interface HubSettings extends Omit<ServerSentEventsOptions, "connector"> {
	history?: HistoryOptions;
}

let scenes = 0;

/** What one test opens, and closes after it. */
export class Scene {
	readonly broker: Broker;
	readonly #reports: Report[] = [];
	readonly #prefix = `resume.${process.pid}.${++scenes}`;

	constructor(broker: Broker) {
		this.broker = broker;
	}

	/** A process of its own. */
	hub({ history = {}, ...options }: HubSettings = {}): ServerSentEvents {
		const sse = new ServerSentEvents({
			connector: this.broker.connect(history),
			onError: (error, { stage, channel }) =>
				void this.#reports.push({ code: (error as { code?: string }).code, stage, channel }),
			...options,
		});
		onTestFinished(() => sse.close());
		return sse;
	}

	/** Another process on the same broker; the same one where there can be no other. */
	other(sse: ServerSentEvents, settings: HubSettings = {}): ServerSentEvents {
		return this.broker.shared ? this.hub(settings) : sse;
	}

	/** A channel that no other test uses. */
	channel(name = "a"): string {
		return `${this.#prefix}.${name}`;
	}

	async open(
		sse: ServerSentEvents,
		channels: string | readonly string[],
		options?: OpenOptions,
	): Promise<Client> {
		const client = await Client.open(sse, [channels].flat(), options);
		onTestFinished(() => client.close());
		return client;
	}

	/** Publishes one after the other, as JSON; the ids. */
	async publish(sse: ServerSentEvents, channel: string, ...data: unknown[]): Promise<string[]> {
		const ids: string[] = [];
		for (const each of data) {
			const { id } = await sse.publish(JSON.stringify(each), { channel });
			if (id === undefined) throw new Error("A publish with history came without an id.");
			ids.push(id);
		}
		return ids;
	}

	/** What `onError` was told, by all hubs. */
	async reports(): Promise<Report[]> {
		const elsewhere = (await this.broker.reports?.()) ?? [];
		const ours = elsewhere.filter(({ channel }) => channel?.startsWith(`${this.#prefix}.`));
		return [...this.#reports, ...ours];
	}

	/** The codes of what `onError` was told of a channel. */
	async codes(channel: string): Promise<(string | undefined)[]> {
		const reports = await this.reports();
		return reports.filter((each) => each.channel === channel).map(({ code }) => code);
	}
}

export function numbers(count: number, from = 0): number[] {
	return Array.from({ length: count }, (_, n) => from + n);
}
