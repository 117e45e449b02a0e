import type { Connector, History, HistoryOptions, Subscription } from "../../core/connector.ts";
import { ConnectorError } from "../../core/errors.ts";
import { Recorder } from "../recorder.ts";
import { delay, within } from "../wait.ts";
import * as assert from "./assert.ts";
import type { BrokerControl, Capability, ConnectorHarness } from "./harness.ts";
import type { Watch } from "./timers.ts";
import { until } from "./until.ts";

/** One test of the contract. */
export interface Case {
	/** The contract's label: `P1`. */
	clause: string;
	title: string;
	/** What the test needs. Where the harness lacks it, the harness says why. */
	needs?: readonly Capability[];
	run(kit: Kit): Promise<void>;
}

/**
 * What a test works with: new connectors, which are closed after it, and a broker, which is up
 * again after it.
 */
export class Kit {
	readonly #harness: ConnectorHarness;
	readonly #capabilities: ReadonlySet<Capability>;
	readonly #opened: Connector[] = [];
	readonly #watches: Watch[] = [];
	#down = false;
	#frozen = false;

	constructor(harness: ConnectorHarness, capabilities: ReadonlySet<Capability>) {
		this.#harness = harness;
		this.#capabilities = capabilities;
	}

	/** The connector's own timeout, and some time for a busy machine. */
	get patience(): number {
		return (this.#harness.timeout ?? 3_000) + 10_000;
	}

	get harness(): ConnectorHarness {
		return this.#harness;
	}

	can(capability: Capability): boolean {
		return this.#capabilities.has(capability);
	}

	async connect(): Promise<Connector> {
		return this.track(await this.#harness.connect());
	}

	track(connector: Connector): Connector {
		this.#opened.push(connector);
		return connector;
	}

	/** Ends the watch with the test. */
	watch<T extends Watch>(watch: T): T {
		this.#watches.push(watch);
		return watch;
	}

	/** A connector that keeps messages, and its history. */
	async keeping(options: HistoryOptions = {}): Promise<{ connector: Connector; history: History }> {
		assert.ok(this.#harness.history, "a case that uses the history must say so in `needs`");
		const connector = this.track(await this.#harness.history.connect(options));
		const { history } = connector;
		assert.ok(history, "a connector that keeps messages must have a `history`");
		return { connector, history };
	}

	/** Like `pair`, with history: two processes on one store. */
	async keepingPair(options: HistoryOptions = {}) {
		const one = await this.keeping(options);
		const other = this.can("shared") ? await this.keeping(options) : one;
		return { one: one.connector, other: other.connector, history: one.history };
	}

	/**
	 * One connector to publish with and one to subscribe with, like two processes where the
	 * broker is shared.
	 */
	async pair(): Promise<{ publisher: Connector; subscriber: Connector }> {
		const subscriber = await this.connect();
		return { subscriber, publisher: this.can("shared") ? await this.connect() : subscriber };
	}

	/** A channel name that no other test uses. */
	channel(name = "channel"): string {
		return `${name}.${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
	}

	async listen(
		connector: Connector,
		channel: string,
	): Promise<{ recorder: Recorder; subscription: Subscription }> {
		const recorder = new Recorder();
		const subscribing = connector.subscribe(channel, recorder);
		return { recorder, subscription: await within(subscribing, this.patience, "subscribe") };
	}

	/** `listen`, for a connector that may need a moment to notice that its broker is back. */
	async listenOnceBack(connector: Connector, channel: string) {
		const recorder = new Recorder();
		const subscribe = async () => {
			try {
				return await connector.subscribe(channel, recorder);
			} catch (error) {
				if (error instanceof ConnectorError && error.code === "unavailable") return undefined;
				throw error;
			}
		};
		const what = "a subscribe, now that the broker is back";
		return { recorder, subscription: await until(subscribe, { what }) };
	}

	get broker(): BrokerControl {
		assert.ok(this.#harness.broker, "a case that uses the broker must say so in `needs`");
		return this.#harness.broker;
	}

	async stop(): Promise<void> {
		this.#down = true;
		await this.broker.stop();
	}

	async start(): Promise<void> {
		await this.broker.start();
		this.#down = false;
	}

	async pause(): Promise<void> {
		this.#frozen = true;
		await this.broker.pause?.();
	}

	async resume(): Promise<void> {
		await this.broker.resume?.();
		this.#frozen = false;
	}

	/** Waits until the broker holds this many subscriptions of the channel. */
	async numsub(channel: string, expected: number): Promise<void> {
		const { numsub } = this.broker;
		if (numsub === undefined) return;
		let held = -1;
		const arrived = async () => {
			held = await numsub(channel);
			return held === expected;
		};
		const what = `${expected} subscriptions of ${channel} at the broker`;
		await until(arrived, { what }).catch((cause: Error) => {
			throw new Error(`${cause.message} It holds ${held}.`, { cause });
		});
	}

	/** How many connections the broker holds; 0 where it does not say. */
	async clients(): Promise<number> {
		return (await this.#harness.broker?.clients?.()) ?? 0;
	}

	/**
	 * The same before the test connects: connections of earlier tests may need a moment to close.
	 */
	async clientsAtRest(): Promise<number> {
		const deadline = performance.now() + 1_000;
		for (;;) {
			const count = await this.clients();
			if (count === 0 || performance.now() >= deadline) return count;
			await delay(10);
		}
	}

	/** Makes sure that the call is refused in time, as the contract says. Resolves to the error. */
	async rejects(call: Promise<unknown>, code: string, what: string): Promise<ConnectorError> {
		const outcome = await within(
			call.then(
				() => undefined,
				(error: unknown) => ({ error }),
			),
			this.patience,
			what,
		);
		assert.ok(outcome, `${what} must reject with ${code}, and resolved`);
		const { error } = outcome;
		assert.ok(
			error instanceof ConnectorError,
			`${what} must reject with a ConnectorError: ${error}`,
		);
		assert.equal(error.code, code, `${what}: ${error.message}`);
		return error;
	}

	/** A connector may need a moment to notice that its broker is back. Until then it may refuse. */
	async publishOnceBack(connector: Connector, channel: string, payload: string): Promise<void> {
		const published = async () => {
			try {
				await connector.publish(channel, payload);
				return true;
			} catch (error) {
				if (error instanceof ConnectorError && error.code === "unavailable") return false;
				throw error;
			}
		};
		await until(published, { what: "a publish, now that the broker is back" });
	}

	async dispose(): Promise<void> {
		for (const watch of this.#watches) watch.stop();
		if (this.#frozen) await this.resume();
		if (this.#down) await this.start();
		for (const connector of this.#opened) {
			await within(connector.close(), this.patience, "close, after the test");
		}
	}
}
