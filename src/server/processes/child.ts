import type { ChildProcess } from "node:child_process";
import { ConfigurationError } from "../../core/errors.ts";
import type { Stats } from "../../core/stats.ts";
import { logFailure } from "../log.ts";
import { type Answers, Peer } from "./peer.ts";

/** How a child ended. */
export interface End {
	readonly code: number | null;
	readonly signal: string | null;
	/** Why it could not start, in its own words. */
	readonly reason?: string | undefined;
}

/** How many signs of life may be missing before a child is killed. */
const mostMissed = 6;
/** The same while it starts, which takes long on a busy machine. */
const mostMissedAtStart = 24;

/** One process of the hub, as its parent sees it. */
export class Child {
	/** Its place among the processes, from 1. The one that replaces it has the same. */
	readonly slot: number;
	readonly process: ChildProcess;
	readonly peer: Peer;
	/** Rejects when it ends before it takes streams. */
	readonly ready: Promise<void>;
	/** It is gone. */
	readonly ended: Promise<End>;
	state: "starting" | "ready" | "leaving" | "gone" = "starting";
	/** What it counted when it was last heard. */
	stats: Stats | undefined;
	#missed = 0;
	#reason: string | undefined;

	/** @param answers what it may ask. */
	constructor(slot: number, process: ChildProcess, answers: (child: Child) => Answers) {
		this.slot = slot;
		this.process = process;
		let isReady: () => void;
		const ready = new Promise<void>((resolve) => {
			isReady = resolve;
		});
		this.peer = new Peer((message) => this.#send(message), {
			...answers(this),
			ready: () => {
				this.state = "ready";
				isReady();
			},
			failed: (reason: string) => {
				this.#reason = reason;
				this.kill();
			},
		});
		this.ended = new Promise((resolve) => {
			process.once("error", (error) =>
				resolve({ code: null, signal: null, reason: error.message }),
			);
			process.once("exit", (code, signal) => resolve({ code, signal, reason: this.#reason }));
		});
		process.on("message", (message) => {
			// Only what the child tells, and does not ask, can reject here. The child waits for no answer.
			this.peer.receive(message).catch((error: unknown) => logFailure("process", error));
		});
		void this.ended.then(() => {
			this.state = "gone";
			this.peer.close();
		});
		this.ready = Promise.race([ready, this.ended.then((end) => Promise.reject(startError(end)))]);
	}

	get pid(): number | undefined {
		return this.process.pid;
	}

	/** Whether it can be asked: it has begun, and was heard lately. */
	get isResponsive(): boolean {
		return (this.state === "ready" || this.state === "leaving") && this.#missed < 2;
	}

	/** Asks for a sign of life. @returns whether too many are missing. */
	watch(): boolean {
		if (this.#missed >= (this.state === "starting" ? mostMissedAtStart : mostMissed)) return true;
		this.#missed++;
		this.askStats().catch(() => undefined); // that none came is what is counted
		return false;
	}

	async askStats(within?: number): Promise<Stats> {
		this.stats = await this.peer.ask<Stats>("stats", undefined, within);
		this.#missed = 0;
		return this.stats;
	}

	kill(): void {
		this.process.kill("SIGKILL");
	}

	#send(message: object): void {
		// An end of the line is followed by the end of the process.
		if (this.process.connected) this.process.send(message, () => undefined);
	}
}

function startError({ reason, ...end }: End): Error {
	return reason === undefined
		? new Error(`A process of the hub could not start: ${describeEnd(end)}.`)
		: new ConfigurationError(reason);
}

export function describeEnd({ code, signal }: End): string {
	return signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
}
