import { afterEach, expect, test, vi } from "vitest";
import { always } from "../../../src/client/reconnecting-source.ts";
import { openTab, type Tab } from "../../../src/client/tab.ts";
import type { ClientState } from "../../../src/client/types.ts";
import { Random } from "../../torture/random.ts";
import type { Published } from "./source.ts";
import { World } from "./world.ts";

/**
 * Tabs in a world where everything happens in any order. A tab hears each message published after it opened
 * once, in the order of its channel.
 */

const types = ["x", "y"];
const settle = setImmediate;
afterEach(() => vi.unstubAllGlobals());

class TestTab {
	readonly tab: Tab;
	readonly types: string[];
	readonly told: number[] = [];
	cursor: string | undefined;
	state: ClientState = "closed";
	/** How many messages had been published when the tab was first open and had a position. */
	openAt: number | undefined;
	away = false;
	hangs = false;

	constructor(world: World, own: string[]) {
		this.types = own;
		const options = { url: "/stream", custom: false };
		this.tab = openTab(
			"key",
			options,
			new Set([...always, ...own]),
			(type, data, id) => {
				this.cursor = id || this.cursor;
				if (own.includes(type)) this.told.push(Number(data));
			},
			(state) => {
				this.state = state;
			},
		);
		world.current = this;
		this.tab.join();
	}

	wants({ type }: Published): boolean {
		return this.types.includes(type);
	}
}

class Story {
	readonly world: World;
	readonly random: Random;
	readonly tabs: TestTab[] = [];
	readonly log: string[] = [];

	constructor(seed: number) {
		this.random = new Random(seed);
		this.world = new World(this.random);
		for (const [name, value] of Object.entries(this.world.globals())) vi.stubGlobal(name, value);
	}

	/** Lets a tab's code run until it waits for something. */
	async run(tab: TestTab, step: () => void): Promise<void> {
		this.world.current = tab;
		step();
		await new Promise((done) => settle(done));
		if (tab.state === "open" && tab.cursor !== undefined) {
			tab.openAt ??= this.world.published.length;
		}
	}

	async open(): Promise<void> {
		const own = types.filter(() => this.random.chance(0.6));
		const tab = new TestTab(this.world, own.length > 0 ? own : ["x"]);
		this.tabs.push(tab);
		await this.run(tab, () => undefined);
	}

	async step(): Promise<void> {
		const { random, world } = this;
		if (this.tabs.length === 0 || (this.tabs.length < 4 && random.chance(0.03))) {
			this.log.push("open");
			return this.open();
		}
		if (random.chance(0.2)) {
			world.publish(random.pick(["one", "two"]), random.pick(["x", "y"]));
			return;
		}
		const tab = this.tabs[random.below(this.tabs.length)] as TestTab;
		const index = this.tabs.indexOf(tab);
		const chance = random.below(1_000);
		if (chance < 15) {
			this.log.push(`kill ${index}`);
			this.tabs.splice(index, 1);
			world.kill(tab);
		} else if (chance < 45) {
			tab.hangs = !tab.hangs;
			this.log.push(`hangs ${index} ${tab.hangs}`);
		} else if (tab.hangs) {
			// A tab that hangs handles nothing.
		} else if (chance < 75) {
			this.log.push(`away ${index} ${!tab.away}`);
			await this.run(tab, () => (tab.away ? tab.tab.join() : tab.tab.leave()));
			tab.away = !tab.away;
		} else if (chance < 95) await this.#timer(tab);
		else if (chance < 115) await this.#source(tab, (source) => source.lose());
		else if (chance < 135) await this.#source(tab, (source) => source.end());
		else if (chance < 185) await this.#source(tab, (source) => source.ping());
		else await this.#next(tab);
	}

	async #timer(tab: TestTab): Promise<void> {
		for (const [timer, { owner, run }] of this.world.timers) {
			if (owner !== tab) continue;
			this.world.timers.delete(timer);
			this.log.push(`timer ${this.tabs.indexOf(tab)}`);
			return this.run(tab, run);
		}
	}

	async #source(
		tab: TestTab,
		act: (source: World["sources"] extends Set<infer S> ? S : never) => void,
	) {
		for (const source of this.world.sources) {
			if (source.owner === tab) await this.run(tab, () => act(source));
		}
	}

	async #next(tab: TestTab): Promise<boolean> {
		const steps = this.world.stepsOf(tab);
		const step = steps[this.random.below(steps.length)];
		if (step !== undefined) await this.run(tab, step);
		return step !== undefined;
	}

	/** All tabs come back, and everything on the way arrives. */
	async end(): Promise<void> {
		for (const tab of this.tabs) {
			tab.hangs = false;
			if (tab.away) await this.run(tab, () => tab.tab.join());
			tab.away = false;
		}
		for (let round = 0; round < 3; round++) {
			let busy = true;
			while (busy) {
				busy = false;
				for (const tab of this.tabs) busy = (await this.#next(tab)) || busy;
			}
			for (const tab of this.tabs) {
				await this.#source(tab, (source) => source.ping());
				// A lost stream is opened again when its timer fires.
				if (tab.state === "waiting") await this.#timer(tab);
			}
		}
	}

	check(): void {
		for (const [index, tab] of this.tabs.entries()) {
			for (const channel of this.world.channels) {
				const wanted = this.world.published.filter(
					(message) => message.channel === channel && tab.wants(message),
				);
				const told = tab.told.filter((n) => this.world.published[n]?.channel === channel);
				const [first = Number.POSITIVE_INFINITY] = told;
				const due = tab.openAt ?? this.world.published.length;
				const from = Math.min(first, due);
				expect(told, `tab ${index}, ${channel}, open at ${due}`).toEqual(
					wanted.filter(({ n }) => n >= from).map(({ n }) => n),
				);
			}
		}
		expect(this.world.sources.size, "streams in the end").toBe(this.tabs.length > 0 ? 1 : 0);
	}
}

const stories = Number(process.env.STORIES ?? 100);

test("every tab hears each message once and in order, in any interleaving", {
	timeout: 120_000 + stories * 100,
}, async () => {
	for (let n = 0; n < stories; n++) {
		const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
		const story = new Story(seed);
		try {
			for (let step = 0; step < 400; step++) await story.step();
			await story.end();
			story.check();
		} catch (error) {
			throw new Error(`SEED=${seed}: ${(error as Error).message}\n${story.log.join(", ")}`, {
				cause: error,
			});
		}
	}
});
