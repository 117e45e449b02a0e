import { ConnectorError } from "../core/errors.ts";
import type {
	RunAppend,
	RunAppended,
	RunClaim,
	RunFinish,
	RunFinished,
	RunRecord,
	RunStore,
} from "../core/run-store.ts";
import type { Reply } from "./protocol.ts";

/** A call of a channel's runs, as it goes to its object: a method's name, and what it takes besides the channel. */
export type RunCall = {
	[Method in keyof RunStore]: [
		method: Method,
		...args: Parameters<RunStore[Method]> extends [string, ...infer Rest] ? Rest : never,
	];
}[keyof RunStore];

/** Asks a channel's object. The answer is JSON, for what an RPC returns has more to it than its fields. */
export type AskRun = (channel: string, call: RunCall) => Promise<string>;

/** In the Worker: runs in the objects of their channels. */
export class ObjectRuns implements RunStore {
	readonly #ask: AskRun;

	constructor(ask: AskRun) {
		this.#ask = ask;
	}

	claim(channel: string, claim: RunClaim): Promise<{ mine: boolean; record: RunRecord }> {
		return this.#call(channel, ["claim", claim]);
	}

	append(channel: string, append: RunAppend): Promise<RunAppended> {
		return this.#call(channel, ["append", append]);
	}

	finish(channel: string, finish: RunFinish): Promise<RunFinished> {
		return this.#call(channel, ["finish", finish]);
	}

	status(channel: string): Promise<RunRecord | undefined> {
		return this.#call(channel, ["status"]);
	}

	cancel(channel: string, reason: string, payload: string): Promise<RunRecord | undefined> {
		return this.#call(channel, ["cancel", reason, payload]);
	}

	async delete(channel: string, payload: string): Promise<void> {
		await this.#call(channel, ["delete", payload]);
	}

	async #call<T>(channel: string, call: RunCall): Promise<T> {
		const { answer } = JSON.parse(await this.#ask(channel, call));
		return answer;
	}
}

/** In the object: carries out a call. */
export async function answerRunCall(
	runs: RunStore | undefined,
	channel: string,
	call: RunCall,
): Promise<{ json: string }> {
	if (runs === undefined) {
		throw new ConnectorError(
			"refused",
			"runs: the channel's object relays, and its upstream has none.",
		);
	}
	const [method, ...args] = call;
	const carryOut = runs[method].bind(runs) as (...args: unknown[]) => Promise<unknown>;
	return { json: JSON.stringify({ answer: await carryOut(channel, ...args) }) };
}

/** As much of a stub as runs use. */
export interface RunStub {
	run(channel: string, call: RunCall): Promise<Reply<{ json: string }>>;
}
