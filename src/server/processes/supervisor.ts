import type { ChildProcess } from "node:child_process";
import { Child, describeEnd, type End } from "./child.ts";
import type { Answers } from "./peer.ts";

/** How often each child is asked for a sign of life, in ms. */
const watchInterval = 5_000;
/** The pause before a child that lived only briefly is replaced, in ms. Each further one is twice as long. */
const firstPause = 200;
const longestPause = 30_000;
/** A child that lived longer, in ms, is replaced at once. */
const longLife = 10_000;
/** The hub gives up when this many starts in a row have failed and no child serves. */
const mostFailures = 5;
/** How long a child may take to end after the time to drain, in ms. */
const toEnd = 10_000;

export interface SupervisorOptions {
	readonly count: number;
	/** How many children start at a time. */
	readonly atATime: number;
	/** How long a child may take to end its streams, in ms. */
	readonly drain: number;
	fork(slot: number): ChildProcess;
	/** Makes the functions that answer a child. */
	answers(child: Child): Answers;
	/** Called when a child begins to take streams. */
	serves(child: Child): void;
	/** Called when a child takes no more streams, and has not ended. */
	leaves(child: Child): void;
	/** Called when a child has ended. */
	gone(child: Child): void;
	/** Called when a child ended, or could not start, and nobody had told it to. */
	log(level: "info" | "error", child: Pick<Child, "slot" | "pid">, message: string): void;
	/** Called when no child can be started any more. */
	giveUp(reason: Error): void;
}

/** Starts the processes of the hub, and replaces those that end. */
export class Supervisor {
	readonly #options: SupervisorOptions;
	readonly #children = new Set<Child>();
	/** How many children in a row lived only briefly, by slot. */
	readonly #early = new Map<number, number>();
	readonly #timers = new Set<ReturnType<typeof setTimeout>>();
	#watching: ReturnType<typeof setInterval> | undefined;
	/** How many starts in a row have failed. */
	#failures = 0;
	#restarting: Promise<void> = Promise.resolve();
	#isRestartQueued = false;
	#isStopping = false;
	/** How many children ended although nobody told them to. */
	ends = 0;

	constructor(options: SupervisorOptions) {
		this.#options = options;
	}

	/** All children that have not ended. */
	get children(): readonly Child[] {
		return [...this.#children];
	}

	get ready(): readonly Child[] {
		return this.children.filter(({ state }) => state === "ready");
	}

	/** One child for each slot: the newest that has started. The child that it replaces may still be ending its streams. */
	get newest(): readonly Child[] {
		const started = this.children.filter(({ state }) => state !== "starting");
		return [...new Map(started.map((child) => [child.slot, child])).values()];
	}

	/**
	 * Starts the children. Resolves when the first of them take streams, as many as may start at a time. The others start
	 * after that. Rejects when one of the first does not start.
	 */
	async start(): Promise<void> {
		const { count, atATime } = this.#options;
		this.#watching = setInterval(() => this.#watch(), watchInterval);
		const slots = Array.from({ length: count }, (_, index) => index + 1);
		const first = slots.splice(0, atATime).map(async (slot) => {
			const child = this.#launch(slot);
			await child.ready;
			this.#serve(child);
		});
		await Promise.all(first);
		const follow = async () => {
			for (let slot = slots.shift(); slot !== undefined; slot = slots.shift()) {
				if (this.#isStopping) return;
				await this.#replace(slot);
			}
		};
		for (const _ of first) void follow();
	}

	/**
	 * Replaces the children one by one, or only one of them. Each new child takes streams before the old one ends its own.
	 * A restart waits until the one before has ended.
	 */
	restart(only?: Child): Promise<void> {
		if (only === undefined && this.#isRestartQueued) return this.#restarting;
		if (only === undefined) this.#isRestartQueued = true;
		this.#restarting = this.#restarting.then(() => {
			if (only === undefined) this.#isRestartQueued = false;
			return this.#restart(only);
		});
		return this.#restarting;
	}

	/** Has all children end their streams and themselves. One that takes too long is killed. */
	async stop(): Promise<void> {
		this.#isStopping = true;
		clearInterval(this.#watching);
		for (const timer of this.#timers) clearTimeout(timer);
		await Promise.all(this.children.map((child) => this.#end(child, "close")));
	}

	/** Kills all children. */
	kill(): void {
		this.#isStopping = true;
		for (const child of this.#children) child.kill();
	}

	async #restart(only: Child | undefined): Promise<void> {
		const { log } = this.#options;
		for (const old of only === undefined ? this.children : [only]) {
			// A child whose start fails is replaced without us.
			await old.ready.catch(() => undefined);
			if (this.#isStopping) return;
			if (old.state !== "ready") continue;
			let fresh: Child | undefined;
			try {
				fresh = this.#launch(old.slot);
				await fresh.ready;
			} catch (error) {
				if (this.#isStopping) return;
				log("error", fresh ?? old, `A restart was given up: ${(error as Error).message}`);
				return;
			}
			// The old child may have ended meanwhile. Then it already has another successor.
			const isNeeded = old.state === "ready";
			if (isNeeded) this.#serve(fresh);
			await this.#end(isNeeded ? old : fresh, "leave");
		}
	}

	/** @throws {Error} when the system gives no process. */
	#launch(slot: number): Child {
		const { fork, answers, gone } = this.#options;
		const child = new Child(slot, fork(slot), answers);
		this.#children.add(child);
		void child.ended.then(() => {
			this.#children.delete(child);
			gone(child);
		});
		return child;
	}

	/** Takes a child into service, and replaces it when it ends by itself. */
	#serve(child: Child): void {
		const since = performance.now();
		this.#failures = 0;
		this.#options.serves(child);
		void child.ended.then((end) => {
			if (this.#isStopping || this.#leaving.has(child)) return;
			this.ends++;
			const { slot } = child;
			const early = performance.now() - since < longLife ? (this.#early.get(slot) ?? 0) + 1 : 0;
			this.#early.set(slot, early);
			this.#options.log("error", child, `${sentence(end)} Another one is started.`);
			this.#later(slot, early === 0 ? 0 : pauseAfter(early));
		});
	}

	#later(slot: number, pause: number): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			void this.#replace(slot);
		}, pause);
		this.#timers.add(timer);
	}

	async #replace(slot: number): Promise<void> {
		const { log, giveUp } = this.#options;
		let child: Child | undefined;
		try {
			child = this.#launch(slot);
			await child.ready;
			this.#serve(child);
		} catch (cause) {
			if (this.#isStopping) return;
			const error = cause as Error;
			this.#failures++;
			if (this.#failures >= mostFailures && this.ready.length === 0) return giveUp(error);
			const named = child ?? { slot, pid: undefined };
			log("error", named, `A process could not start: ${error.message} It is tried again.`);
			this.#later(slot, pauseAfter(this.#failures));
		}
	}

	/** The children that were told to end. */
	readonly #leaving = new WeakSet<Child>();

	async #end(child: Child, way: "close" | "leave"): Promise<void> {
		if (child.state === "gone") return;
		this.#leaving.add(child);
		if (child.state === "starting") child.kill();
		else {
			child.state = "leaving";
			if (way === "leave") this.#options.leaves(child);
			child.peer.tell(way);
		}
		const timer = setTimeout(() => child.kill(), this.#options.drain + toEnd);
		await child.ended;
		clearTimeout(timer);
	}

	#watch(): void {
		for (const child of this.#children) {
			if (!child.watch()) continue;
			this.#options.log("error", child, "A process does not answer, and is killed.");
			child.kill();
		}
	}
}

function pauseAfter(failures: number): number {
	return Math.min(longestPause, firstPause * 2 ** (failures - 1));
}

function sentence(end: End): string {
	return `A process has ended: ${describeEnd(end)}.`;
}
