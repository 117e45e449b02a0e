import type { ChildProcess } from "node:child_process";
import { ConfigurationError } from "../../core/errors.ts";
import type { Stats } from "../../core/stats.ts";
import { logFailure } from "../log.ts";
import { type Answers, Peer } from "./peer.ts";

/** How a child ended. */
export interface End {
	readonly code: number | null;
	readonly signal: string | null;
	/** Why it could not start, as the child says it. */
	readonly reason?: string | undefined;
}

/** A child is killed when it leaves this many questions in a row unanswered. */
const mostMissed = 6;
/** The same for a child that starts, which takes long on a busy machine. */
const mostMissedAtStart = 24;

/** One process of the hub, as its parent sees it. */
export class Child {
	/** Its number among the processes, from 1. A child that replaces it has the same number. */
	readonly slot: number;
	readonly process: ChildProcess;
	readonly peer: Peer;
	/** Resolves when it takes streams. Rejects when it ends before. */
	readonly ready: Promise<void>;
	/** Resolves when it has ended. */
	readonly ended: Promise<End>;
	state: "starting" | "ready" | "leaving" | "gone" = "starting";
	/** Its counts, as it last told them. */
	stats: Stats | undefined;
	#missed = 0;
	#reason: string | undefined;

	/** @param answers answers its questions, by their name. */
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
			// Only a message without an answer can reject here. The child does not wait for it.
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

	/** Whether it can be asked: it has started, and has answered lately. */
	get isResponsive(): boolean {
		return (this.state === "ready" || this.state === "leaving") && this.#missed < 2;
	}

	/** Asks it for a sign of life. @returns whether it left too many questions unanswered. */
	watch(): boolean {
		if (this.#missed >= (this.state === "starting" ? mostMissedAtStart : mostMissed)) return true;
		this.#missed++;
		this.askStats().catch(() => undefined); // The missing answer is counted.
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
		// A failure to send is not reported. The child has ended then, or will.
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
