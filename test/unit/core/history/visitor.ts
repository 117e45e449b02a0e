import { expect } from "vitest";
import type { ServerSentEvents } from "../../../../src/core/sse.ts";
import { Client } from "../../../resume/client.ts";
import type { FakeBroker } from "./broker.ts";
import { Iteration } from "./iteration.ts";

/**
 * A client that connects, is cut off and resumes with its last id. It keeps account of the messages it must
 * see.
 */
export class Visitor {
	readonly names: readonly string[];
	readonly #broker: FakeBroker;
	readonly #iterates: boolean;
	client: Client | Iteration | undefined;
	lastEventId: string | undefined;
	/** How many messages had been published when its stream opened. It must see all later ones. */
	readonly #owedAfter = new Map<string, number>();
	/** The newest message seen of each channel. */
	readonly #seen = new Map<string, number>();
	/** Its current process, or the last one. */
	#process: ServerSentEvents | undefined;
	/** Whether it came from another process, which may have been ahead of this one. */
	#moved = false;
	/** Channels with a gap, or read from the start, of which no message has come since. */
	readonly #mayJump = new Set<string>();
	#checked = 0;
	opening = false;

	/** @param iterates reads `messages()` of one channel from its start instead of a stream. */
	constructor(broker: FakeBroker, names: readonly string[], iterates: boolean) {
		this.#iterates = iterates;
		this.#broker = broker;
		this.names = names;
	}

	/** Connects to a process, or reconnects. */
	async open(sse: ServerSentEvents, fromTheStart: boolean): Promise<void> {
		if (this.client !== undefined || this.opening) return;
		this.opening = true;
		this.#moved = this.#process !== undefined && this.#process !== sse;
		this.#process = sse;
		if ((fromTheStart || this.#iterates) && this.lastEventId === undefined) {
			this.lastEventId = "0";
			for (const name of this.names) {
				this.#seen.set(name, 0);
				this.#mayJump.add(name);
			}
		}
		const { lastEventId } = this;
		const [name = ""] = this.names;
		this.client = this.#iterates
			? new Iteration(sse, name, lastEventId ?? "0")
			: await Client.open(sse, this.names, { lastEventId });
		this.#checked = 0;
		this.opening = false;
		for (const name of this.names) {
			if (this.#owedAfter.has(name)) continue;
			this.#owedAfter.set(name, this.#broker.channel(name).published);
		}
	}

	/** Disconnects, and keeps the last id. */
	cut(): void {
		if (this.client === undefined) return;
		this.check();
		this.lastEventId = this.client.lastEventId ?? this.lastEventId;
		// It was refused or has heard nothing, so it counts as new.
		if (this.lastEventId === undefined) this.#owedAfter.clear();
		this.client.close();
		this.client = undefined;
	}

	/** Checks what has come: each message is the next one, or follows a gap that was real. */
	check(): void {
		if (this.client === undefined) return;
		const fresh = this.client.events.slice(this.#checked);
		this.#checked = this.client.events.length;
		for (const { event, data } of fresh) {
			if (data.startsWith("foreign")) continue;
			const value: unknown = JSON.parse(data);
			if (event === "sse.gap") this.#gap((value as { channel: string }).channel);
			else if (Array.isArray(value)) this.#message(value[0], value[1]);
		}
	}

	#message(name: string, sequence: number): void {
		const seen = this.#seen.get(name);
		const { trimmed } = this.#broker.channel(name);
		const mayJump = this.#mayJump.delete(name);
		this.#seen.set(name, sequence);
		if (seen === undefined) {
			const owed = (this.#owedAfter.get(name) ?? 0) + 1;
			if (!mayJump) expect(sequence).toBeLessThanOrEqual(owed);
		} else if (!mayJump) expect([name, sequence]).toEqual([name, seen + 1]);
		else {
			// A trimmed message that is still on its way to this process may come after the gap, in order.
			if (!this.#moved) expect(sequence).toBeGreaterThan(seen);
			expect(sequence, "what is kept must come").toBeLessThanOrEqual(Math.max(seen, trimmed) + 1);
		}
	}

	#gap(name: string): void {
		const seen = this.#seen.get(name);
		const { trimmed } = this.#broker.channel(name);
		// The last message it saw must be gone, or there was no reason for a gap.
		if (seen !== undefined)
			expect(trimmed, `a false alarm in ${name}`).toBeGreaterThanOrEqual(seen);
		this.#mayJump.add(name);
	}

	/** Whether it has every published message. */
	get isUpToDate(): boolean {
		this.check();
		return this.names.every((name) => {
			const seen = this.#seen.get(name);
			const { published } = this.#broker.channel(name);
			return seen === published || (seen === undefined && published === this.#owedAfter.get(name));
		});
	}
}
