import type { Run, Script, ScriptMaker } from "../connectors/shared/redis-script.ts";
import { keysOf } from "../connectors/shared/redis-slot.ts";
import { controlChannel } from "../core/request/request.ts";
import { memberOf } from "./members.ts";
import {
	clearScript,
	countScript,
	dropScript,
	pageScript,
	processLength,
	refreshScript,
	retireScript,
	trackScript,
	untrackScript,
	updateScript,
} from "./scripts.ts";
import type { Change, Page, PresenceStore } from "./store.ts";

interface Settings {
	readonly run: Run;
	readonly scripts: ScriptMaker;
	/** The prefix of keys. */
	readonly keyPrefix: string;
	/** The prefix of channel names at the broker. */
	readonly prefix: string;
}

/** Members in Redis: two keys per channel, two per process, and one for all. */
export class RedisStore implements PresenceStore {
	readonly #settings: Settings;
	readonly #scripts = new Map<string, Script>();
	readonly #registry: { readonly leases: string; readonly channels: string };

	constructor(settings: Settings) {
		this.#settings = settings;
		const { names, ids } = keysOf(settings.prefix + controlChannel, settings.keyPrefix);
		this.#registry = { leases: names, channels: ids };
	}

	async refresh(process: string, ms: number) {
		const reply = await this.#call(refreshScript, [this.#registry.leases], [process, String(ms)]);
		const [known, lapsed] = reply as [number, unknown[]];
		return { isKnown: Number(known) === 1, lapsed: lapsed.map(String) };
	}

	async retire(process: string, ms: number): Promise<void> {
		await this.#call(retireScript, [this.#registry.leases], [process, String(ms)]);
	}

	async track(process: string, channels: readonly string[]): Promise<void> {
		await this.#call(trackScript, [this.#channelsOf(process)], channels);
	}

	async untrack(process: string, channels: readonly string[]): Promise<void> {
		await this.#call(untrackScript, [this.#channelsOf(process)], channels);
	}

	async tracked(process: string): Promise<readonly string[]> {
		const key = this.#channelsOf(process);
		const reply = await this.#settings.run(key, () => ["SRANDMEMBER", key, "100"]);
		return (reply as unknown[]).map(String);
	}

	async drop(process: string): Promise<void> {
		const { leases } = this.#registry;
		await this.#call(dropScript, [leases, this.#channelsOf(process)], [process]);
	}

	async update(process: string, channel: string, changes: readonly Change[]): Promise<boolean> {
		const args = changes.flatMap(({ id, data }) => [
			data === undefined ? "-" : "+",
			id,
			data ?? "",
		]);
		return Number(await this.#call(updateScript, this.#keysOf(channel), [process, ...args])) === 1;
	}

	async clear(process: string, channel: string): Promise<boolean> {
		let hasChanged = false;
		for (let from = ""; ; ) {
			const reply = await this.#call(clearScript, this.#keysOf(channel), [process, from]);
			const [changed, last] = reply as [number, string];
			hasChanged ||= Number(changed) === 1;
			from = String(last);
			if (from === "") return hasChanged;
		}
	}

	async count(channel: string): Promise<number> {
		const [, data = ""] = this.#keysOf(channel);
		return Number((await this.#call(countScript, [data], [])) ?? 0);
	}

	async page(channel: string, after: string, limit: number): Promise<Page> {
		const args = [after, String(limit), String(processLength)];
		const reply = await this.#call(pageScript, this.#keysOf(channel), args);
		const [occupancy, found] = reply as [string, unknown[]];
		const members = Array.from({ length: found.length / 2 }, (_, at) =>
			memberOf(String(found[2 * at]), String(found[2 * at + 1])),
		);
		return { occupancy: Number(occupancy), members, isFull: members.length === limit };
	}

	#keysOf(channel: string): readonly string[] {
		const { prefix, keyPrefix } = this.#settings;
		const { names, ids } = keysOf(prefix + channel, keyPrefix);
		return [names, ids];
	}

	#channelsOf(process: string): string {
		return `${this.#registry.channels}:${process}`;
	}

	#call(text: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
		const { scripts, run } = this.#settings;
		const script = this.#scripts.get(text) ?? scripts(text, run);
		this.#scripts.set(text, script);
		return script(keys[0] ?? "", () => [String(keys.length), ...keys, ...args]);
	}
}
