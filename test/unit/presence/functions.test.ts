import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../src/exports.ts";
import { Presence, type PresenceOptions } from "../../../src/presence.ts";

/** Faults in the program's own functions. The stream opens all the same, and the fault is reported. */

const never = new Promise<never>(() => undefined);
const late = (name: string) => `presence: Presence: ${name}: has not settled within 5000 ms.`;
const verdict = "presence: Presence: events: must return true, false, or an array of channels.";

const faults: [string, Partial<PresenceOptions>, string, number][] = [
	["an id that never settles", { id: () => never }, late("id"), 0],
	["a data promise that never settles", { data: () => never }, late("data"), 1],
	["an events promise that never settles", { events: () => never }, late("events"), 1],
	["an id function that throws", { id: fails }, "presence: It broke.", 0],
	["an id that rejects", { id: async () => fails() }, "presence: It broke.", 0],
	["a data function that throws", { data: fails }, "presence: It broke.", 1],
	["a string for events", { events: () => "room" as never }, verdict, 1],
	["undefined for events", { events: () => undefined as never }, verdict, 1],
];

function fails(): never {
	throw new Error("It broke.");
}

test.each(faults)("%s is reported, and the stream opens", async (_, options, report, count) => {
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
