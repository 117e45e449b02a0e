import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../src/exports.ts";
import { Presence, type PresenceOptions } from "../../../src/presence.ts";

/** What the program's own functions do wrong: its streams open all the same, and it is told. */

const never = new Promise<never>(() => undefined);
const late = (name: string) => `presence: Presence: ${name}: has not settled within 5000 ms.`;
const verdict = "presence: Presence: events: must return true, false, or an array of channels.";

const faults: [string, Partial<PresenceOptions>, string, number][] = [
	["an id that never comes", { id: () => never }, late("id"), 0],
	["data that never come", { data: () => never }, late("data"), 1],
	["events that never come", { events: () => never }, late("events"), 1],
	["an id that throws", { id: fails }, "presence: It broke.", 0],
	["an id that is refused", { id: async () => fails() }, "presence: It broke.", 0],
	["data that throw", { data: fails }, "presence: It broke.", 1],
	["a word for events", { events: () => "room" as never }, verdict, 1],
	["nothing for events", { events: () => undefined as never }, verdict, 1],
];

function fails(): never {
	throw new Error("It broke.");
}

test.each(faults)("%s", async (_, options, report, count) => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	onTestFinished(() => void vi.useRealTimers());
	const reports: string[] = [];
	const onError = (error: unknown, { stage }: { stage: string }) =>
		void reports.push(`${stage}: ${(error as Error).message}`);
	const limits = { connections: 1 };
	const sse = new ServerSentEvents({ connector: memory(), limits, onError });
	onTestFinished(() => sse.close());
	const presence = new Presence(sse, { id: () => "ann", ...options });
	let response: Response | undefined;
	const answered = sse
		.fetch(new Request("http://localhost/?channel=room&presence=1"))
		.then((answer) => {
			response = answer;
		});
	for (let n = 0; n < 100 && response === undefined; n++) await vi.advanceTimersByTimeAsync(100);
	expect(response?.headers.get("content-type")).toBe("text/event-stream");
	await answered;
	await vi.advanceTimersByTimeAsync(1_000);
	expect(await presence.occupancy("room")).toBe(count);
	expect(reports).toEqual([report]);
	await response?.body?.cancel();
});
