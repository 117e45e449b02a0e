import type { History, HistoryPage } from "../core/connector.ts";
import type {
	RunAppend,
	RunAppended,
	RunClaim,
	RunFinish,
	RunFinished,
	RunRecord,
	RunStore,
} from "../core/run-store.ts";
import type { RelayRequest, RunCall } from "./protocol.ts";

/** Asks the hub above. */
export type Ask = (asked: RelayRequest) => Promise<Record<string, unknown>>;

/** Reads the history of the root. */
export class RelayHistory implements History {
	readonly #ask: Ask;

	constructor(ask: Ask) {
		this.#ask = ask;
	}

	async read(channel: string, after: string, limit: number): Promise<HistoryPage> {
		return (await this.#ask({ op: "read", channel, after, limit })) as unknown as HistoryPage;
	}

	async head(channel: string, back = 0): Promise<string> {
		return (await this.#ask({ op: "head", channel, back })).position as string;
	}

	async forget(channel: string): Promise<void> {
		await this.#ask({ op: "forget", channel });
	}
}

/** Keeps runs at the root. */
export class RelayRuns implements RunStore {
	readonly #ask: Ask;

	constructor(ask: Ask) {
		this.#ask = ask;
	}

	claim(channel: string, claim: RunClaim) {
		return this.#call<{ mine: boolean; record: RunRecord }>("claim", channel, claim);
	}

	append(channel: string, append: RunAppend) {
		return this.#call<RunAppended>("append", channel, append);
	}

	finish(channel: string, finish: RunFinish) {
		return this.#call<RunFinished>("finish", channel, finish);
	}

	status(channel: string) {
		return this.#call<RunRecord | undefined>("status", channel);
	}

	cancel(channel: string, reason: string, payload: string) {
		return this.#call<RunRecord | undefined>("cancel", channel, reason, payload);
	}

	delete(channel: string, payload: string) {
		return this.#call<void>("delete", channel, payload);
	}

	async #call<T>(call: RunCall, ...args: unknown[]): Promise<T> {
		return (await this.#ask({ op: "run", call, args })).result as T;
	}
}
