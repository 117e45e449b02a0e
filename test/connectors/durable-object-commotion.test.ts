import { afterAll, beforeAll, expect, test } from "vitest";
import type { SocketStream } from "../support/event-stream.ts";
import { until } from "../support/wait.ts";
import { startWorker, type Worker } from "../support/worker.ts";
import { Random } from "../torture/random.ts";
import { SleepingObjects } from "./fixtures/sleeping-client.ts";

const rounds = 30;
/** In ms, and in queries. No outage is tested here. */
const timeout = "20000";
const seed = Number(process.env.SEED ?? 21);

let worker: Worker;
let objects: SleepingObjects;
beforeAll(async () => {
	worker = await startWorker({
		entry: "test/connectors/fixtures/sleeping.ts",
		objects: { SSE: "Sleeper" },
		canEvict: true,
	});
	objects = new SleepingObjects(worker);
});
afterAll(() => worker.kill());

/** Comes back with its last id, whoever ended its stream. */
class Visitor {
	readonly #channel: string;
	readonly #hold: string;
	readonly #before: { data: string; event: string | undefined }[] = [];
	#lastEventId = "0";
	#stream: SocketStream | undefined;

	constructor(channel: string, hold: string) {
		this.#channel = channel;
		this.#hold = hold;
	}

	get seen(): string[] {
		// A gap would be among them.
		return [...this.#before, ...(this.#stream?.events ?? [])].map(({ data }) => data);
	}

	get isHere(): boolean {
		return this.#stream?.state === "open";
	}

	async comeBack(): Promise<void> {
		this.#stream?.reset();
		for (const { data, event, id } of this.#stream?.events ?? []) {
			this.#before.push({ data, event });
			this.#lastEventId = id ?? this.#lastEventId;
		}
		this.#stream = undefined;
		const query = { hold: this.#hold, lastEventId: this.#lastEventId, timeout };
		this.#stream = await objects.socket(this.#channel, query);
	}
}

test.each(["worker", "object"])(
	`streams held by the %s: cuts, sleep and deploys at random lose and double nothing (SEED=${seed})`,
	async (hold) => {
		const random = new Random(seed);
		const channel = `commotion ${hold}`;
		const visitors = Array.from({ length: 12 }, () => new Visitor(channel, hold));
		await Promise.all(visitors.map((each) => each.comeBack()));
		const sent: string[] = [];
		const strikes = { asleep: 0, broken: 0, cut: 0 };
		for (let round = 0; round < rounds; round++) {
			for (let left = 1 + random.below(3); left > 0; left--) {
				sent.push(`${round}.${left}`);
				expect(await objects.publish(channel, `${round}.${left}`, { timeout })).toHaveProperty(
					"id",
				);
			}
			// An object with streams of its own is never idle.
			if (hold === "worker" && random.chance(0.4)) {
				strikes.asleep++;
				await objects.evict(channel);
			} else if (random.chance(0.2)) {
				strikes.broken++;
				await objects.break(channel);
			}
			for (const visitor of visitors) {
				const isCut = random.chance(0.2);
				if (isCut) strikes.cut++;
				if (isCut || !visitor.isHere) await visitor.comeBack();
			}
		}
		sent.push("the end");
		await objects.publish(channel, "the end", { timeout });
		for (const visitor of visitors) {
			const hasAll = async () => {
				if (!visitor.isHere) await visitor.comeBack();
				return visitor.seen.at(-1) === "the end";
			};
			await until(hasAll, { what: "the end" });
			expect(visitor.seen).toEqual(sent);
		}
		expect(strikes.cut).toBeGreaterThan(30);
		expect(strikes.broken).toBeGreaterThan(1);
		if (hold === "worker") expect(strikes.asleep).toBeGreaterThan(5);
	},
);
