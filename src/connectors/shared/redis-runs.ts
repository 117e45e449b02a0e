import type {
	RunAppend,
	RunAppended,
	RunClaim,
	RunEndState,
	RunFinish,
	RunFinished,
	RunRecord,
	RunRefusal,
	RunState,
	RunStore,
} from "../../core/run-store.ts";
import type { Run, Script, ScriptMaker } from "./redis-script.ts";
import { guarded, type PublishCommand, type RedisStore } from "./redis-store.ts";
import {
	appendScript,
	cancelScript,
	claimScript,
	deleteScript,
	finishScript,
	statusScript,
} from "./run-scripts.ts";

interface Settings {
	readonly run: Run;
	readonly scripts: ScriptMaker;
	readonly command: PublishCommand;
}

/** Runs in Redis: a hash for each, beside its channel's stream. */
export class RedisRuns implements RunStore {
	readonly #store: RedisStore;
	readonly #settings: Settings;
	readonly #scripts = new Map<string, Script>();

	constructor(store: RedisStore, settings: Settings) {
		this.#store = store;
		this.#settings = settings;
	}

	async claim(channel: string, claim: RunClaim): Promise<{ mine: boolean; record: RunRecord }> {
		const { token, name, lease, maxAge, keepDone, maxLength, maxBytes } = claim;
		const numbers = [lease, maxAge, keepDone, maxLength, maxBytes].map(String);
		const reply = await this.#call(claimScript, channel, [token, name, ...numbers]);
		const [mine, fields] = reply as [number, Fields];
		return { mine: Number(mine) === 1, record: recordOf(fields) };
	}

	async append(channel: string, { token, payloads, from }: RunAppend): Promise<RunAppended> {
		const args = [this.#settings.command, channel, token, from === undefined ? "" : String(from)];
		const reply = await this.#call(appendScript, channel, [...args, ...payloads]);
		const [word, detail, count] = reply as [string, string | null, number];
		if (String(word) === "ok") return { count: Number(count), cancel: textOf(detail) };
		return {
			refused: String(word) as RunRefusal,
			state: textOf(detail) as RunState | undefined,
		};
	}

	async finish(
		channel: string,
		{ token = "", state, reason, payload }: RunFinish,
	): Promise<RunFinished> {
		const args = [this.#settings.command, channel, token, state, reason, payload];
		const reply = await this.#call(finishScript, channel, args);
		const [word, end, how] = (reply as string[]).map(String);
		if (word !== "ok") return { refused: word === "alive" ? "alive" : "superseded" };
		return { end: String(end), state: how as RunEndState };
	}

	async status(channel: string): Promise<RunRecord | undefined> {
		return found(await this.#call(statusScript, channel, []));
	}

	async cancel(channel: string, reason: string, payload: string): Promise<RunRecord | undefined> {
		const args = [this.#settings.command, channel, reason, payload];
		return found(await this.#call(cancelScript, channel, args));
	}

	async delete(channel: string, payload: string): Promise<void> {
		await this.#call(deleteScript, channel, [this.#settings.command, channel, payload]);
	}

	#call(text: string, channel: string, args: readonly string[]): Promise<unknown> {
		const script = this.#scripts.get(text) ?? this.#settings.scripts(text, this.#settings.run);
		this.#scripts.set(text, script);
		const { stream, run } = this.#store.keysOf(channel);
		return guarded(
			stream,
			channel,
			script(stream, () => ["2", stream, run, ...args]),
		);
	}
}

type Fields = readonly (string | null)[];

function found(reply: unknown): RunRecord | undefined {
	return Array.isArray(reply) ? recordOf(reply) : undefined;
}

function recordOf(fields: Fields): RunRecord {
	const [state, name, lease, left, count, started, end, ended, reason, cancel] = fields.map(textOf);
	return {
		state: state as RunState,
		name: String(name),
		lease: Number(lease),
		left: Number(left),
		count: Number(count),
		started: Number(started),
		end,
		ended: ended === undefined ? undefined : Number(ended),
		reason,
		cancel,
	};
}

/** Redis' nothing is null. */
function textOf(field: string | null | undefined): string | undefined {
	return field === null || field === undefined ? undefined : String(field);
}
