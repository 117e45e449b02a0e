import { afterEach, expect, test, vi } from "vitest";
import { PublishQueue } from "../../../../src/connectors/shared/publish-queue.ts";
import { UnderWay } from "../../../../src/connectors/shared/under-way.ts";
import { PerRequest } from "../../../../src/core/request-mark.ts";
import {
	type ChannelNamespace,
	ObjectPublishing,
} from "../../../../src/durable-object/publishing.ts";
import { foreignRequests } from "../../../support/foreign-requests.ts";

afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

const payload = "x".repeat(900_000);

test("publishes of ended requests do not fill the queue of later requests", async () => {
	const requests = foreignRequests();
	let answers = false;
	const stub = {
		publish: () => (answers ? Promise.resolve({ receivers: 1 }) : new Promise(() => undefined)),
	};
	const namespace: ChannelNamespace = { idFromName: (name) => name, get: () => stub };
	// Timers of a request that has ended never fire.
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	const publishing = new ObjectPublishing(namespace, {});
	for (let request = 0; request < 100; request++) {
		requests.enter(request);
		void publishing.publish("a", payload);
	}
	answers = true;
	requests.enter(100);
	await expect(publishing.publish("a", payload)).resolves.toEqual({ receivers: 1 });
});

test("publishes of one request are bounded and stay in order", async () => {
	const requests = foreignRequests();
	const sent: string[] = [];
	const { promise: open, resolve: go } = Promise.withResolvers<void>();
	const transport = {
		timeout: 60_000,
		together: false,
		owner: "test()",
		send: async (
			_: readonly string[],
			take: () => readonly { messages: readonly { payload: string }[] }[],
		) => {
			const messages = take().flatMap((batch) => batch.messages);
			await open;
			sent.push(...messages.map((message) => message.payload.slice(0, 2)));
			return messages.map(() => ({ receivers: 1 }));
		},
		late: () => {
			throw new Error("Nothing is late here.");
		},
	};
	const queues = new PerRequest("request", () => new PublishQueue(transport), 60_000);
	const publishing: Promise<unknown>[] = [];
	const numbers = Array.from({ length: 37 }, (_, index) => String(index + 10));
	for (const number of numbers) {
		requests.enter(0);
		publishing.push(queues.get().publish({ channel: "a", payload: number + payload }));
		requests.enter(1);
		queues.get();
	}
	requests.enter(0);
	const refused = queues.get().publish({ channel: "a", payload });
	await expect(refused).rejects.toMatchObject({ code: "unavailable" });
	go();
	await Promise.all(publishing);
	expect(sent).toEqual(numbers);
});

test("work that is under way for longer than its timeout is forgotten", () => {
	vi.useFakeTimers({ toFake: ["performance"] });
	const underWay = new UnderWay<string>(1_000);
	underWay.add("lost");
	vi.advanceTimersByTime(600);
	underWay.add("later");
	vi.advanceTimersByTime(600);
	expect(underWay.all()).toEqual(["later"]);
	underWay.delete("later");
	expect(underWay.all()).toEqual([]);
});
