import type { Random } from "../../torture/random.ts";
import { FakeSource, type Published } from "./source.ts";

/**
 * The surroundings of tabs, as unhelpful as the platform allows. Only messages between two tabs stay in order.
 * Chance decides when a message arrives and when a timer fires. The last messages of a killed tab reach some
 * tabs and not others.
 *
 * Every object belongs to the tab whose code made it (`world.current`).
 */
export class World {
	readonly random: Random;
	readonly serviceWorker: boolean;
	readonly channels = ["one", "two"];
	readonly published: Published[] = [];
	readonly boxes = new Set<FakeChannel>();
	readonly sources = new Set<FakeSource>();
	readonly requests: LockRequest[] = [];
	/** Requests whose lock was stolen, and whose tab has not heard of it yet. */
	readonly stolen = new Set<LockRequest>();
	readonly timers = new Map<object, { owner: unknown; run: () => void }>();
	holder: LockRequest | undefined;
	current: unknown;
	#now = 0;

	constructor(random: Random) {
		this.random = random;
		this.serviceWorker = random.chance(0.5);
	}

	publish(channel: string, type: string): Published {
		const n = this.published.length;
		const message = { channel, type, n, position: `${1_000 + n}-0` };
		this.published.push(message);
		return message;
	}

	/** What can happen next to a tab from outside. */
	stepsOf(owner: unknown): (() => void)[] {
		const steps: (() => void)[] = [];
		for (const box of this.boxes) if (box.owner === owner) steps.push(...box.steps());
		for (const source of this.sources) if (source.owner === owner) steps.push(...source.steps());
		const [next] = this.requests;
		if (next !== undefined && next.owner === owner && this.holder === undefined) {
			steps.push(() => {
				this.requests.shift();
				this.grant(next);
			});
		}
		for (const victim of this.stolen) {
			if (victim.owner === owner) steps.push(() => this.#lose(victim));
		}
		return steps;
	}

	grant(request: LockRequest): void {
		this.holder = request;
		const over = () => {
			if (this.holder === request) this.holder = undefined;
			this.stolen.delete(request);
			request.settle();
		};
		Promise.resolve(request.run()).then(over, over);
	}

	#lose(victim: LockRequest): void {
		this.stolen.delete(victim);
		victim.fail(new Error("stolen"));
	}

	/** Kills a tab without notice. Its last messages reach some tabs and not others. */
	kill(owner: unknown): void {
		for (const box of this.boxes) {
			if (box.owner === owner) this.boxes.delete(box);
			else box.forget(owner, this.random);
		}
		for (const source of this.sources) if (source.owner === owner) source.close();
		for (const [timer, { owner: whose }] of this.timers) {
			if (whose === owner) this.timers.delete(timer);
		}
		for (const request of [...this.requests]) {
			if (request.owner === owner) this.requests.splice(this.requests.indexOf(request), 1);
		}
		if (this.holder?.owner === owner) this.holder = undefined;
		for (const victim of this.stolen) if (victim.owner === owner) this.stolen.delete(victim);
	}

	globals(): Record<string, unknown> {
		const world = this;
		return {
			// When two tabs lead one after the other, the second has the later time.
			Date: { now: () => ++this.#now },
			location: new URL("http://hub.test/page"),
			reportError: (error: unknown) => {
				throw error;
			},
			setTimeout: (run: () => void) => {
				const timer = {};
				world.timers.set(timer, { owner: world.current, run });
				return timer;
			},
			clearTimeout: (timer: object) => world.timers.delete(timer),
			BroadcastChannel: class extends FakeChannel {
				constructor() {
					super(world);
				}
			},
			EventSource: class extends FakeSource {
				constructor(url: string) {
					super(world, url);
				}
			},
			// No proxy holds streams back here, and a hub without a history answers with a 400.
			fetch: async () => new Response("", { status: 400 }),
			navigator: { locks: { request: this.#request } },
		};
	}

	readonly #request = (_: string, options: LockOptions, run: () => unknown): Promise<void> =>
		new Promise((resolve, reject) => {
			const request = { owner: this.current, run, settle: resolve, fail: reject };
			options.signal?.addEventListener("abort", () => {
				const place = this.requests.indexOf(request);
				if (place < 0) return;
				this.requests.splice(place, 1);
				reject(new Error("aborted"));
			});
			if (!options.steal) this.requests.push(request);
			else {
				// The previous holder hears of it in a later step.
				if (this.holder !== undefined) this.stolen.add(this.holder);
				this.grant(request);
			}
		});
}

interface LockRequest {
	owner: unknown;
	run: () => unknown;
	settle: () => void;
	fail: (error: Error) => void;
}

interface LockOptions {
	steal?: boolean;
	signal?: AbortSignal;
}

class FakeChannel {
	readonly #world: World;
	readonly owner: unknown;
	/** Messages that were sent and have not arrived, by sender. */
	readonly #queues = new Map<unknown, unknown[]>();
	onmessage: ((event: { data: unknown }) => void) | undefined;

	constructor(world: World) {
		this.#world = world;
		this.owner = world.current;
		world.boxes.add(this);
	}

	postMessage(data: unknown): void {
		if (!this.#world.boxes.has(this)) throw new Error("The channel is closed.");
		for (const box of this.#world.boxes) {
			if (box === this) continue;
			const queue = box.#queues.get(this.owner) ?? [];
			box.#queues.set(this.owner, queue);
			queue.push(structuredClone(data));
		}
	}

	forget(sender: unknown, random: Random): void {
		const queue = this.#queues.get(sender);
		queue?.splice(random.below(queue.length + 1));
	}

	steps(): (() => void)[] {
		return [...this.#queues.values()]
			.filter((queue) => queue.length > 0)
			.map((queue) => () => this.onmessage?.({ data: queue.shift() }));
	}

	close(): void {
		this.#world.boxes.delete(this);
	}
}
