import { expect, test } from "vitest";
import { ConnectorError } from "../../../src/core/errors.ts";
import type { IncomingStream } from "../../../src/relay/incoming.ts";
import { RelayedChannel, RelayListener } from "../../../src/relay/relayed-channel.ts";
import { Recorder } from "../../../src/testing.ts";

const away = new ConnectorError("unavailable", "It broke.");
const stream = (name: string) => ({ name }) as unknown as IncomingStream;

/** A channel that one stream carries, from line 0 on. */
function live() {
	const channel = new RelayedChannel("news");
	const recorder = new Recorder();
	channel.add(new RelayListener(recorder));
	const first = stream("first");
	channel.live(first, ["live", "news", 0, "epoch", null, false]);
	const say = (from: IncomingStream, ...numbers: number[]) => {
		for (const n of numbers) channel.line(from, ["m", "news", n, String(n)]);
	};
	return { channel, recorder, first, say };
}

test("of two streams the one that lags repeats no line", () => {
	const { channel, recorder, first, say } = live();
	say(first, 0, 1, 2);
	const next = stream("next");
	channel.live(next, ["live", "news", 1, "epoch", null, false]);
	say(next, 1, 2, 3);
	say(first, 3, 4);
	say(next, 4);
	expect(recorder.messages).toEqual(["0", "1", "2", "3", "4"]);
	expect(recorder.events).toEqual([]);
});

test("a stream that is ahead waits for the earlier one", () => {
	const { channel, recorder, first, say } = live();
	const next = stream("next");
	channel.live(next, ["live", "news", 2, "epoch", null, false]);
	say(next, 2, 3);
	expect(recorder.messages).toEqual([]);
	say(first, 0, 1, 2);
	say(next, 4);
	expect(recorder.messages).toEqual(["0", "1", "2", "3", "4"]);
	expect(recorder.events).toEqual([]);
});

test("when the earlier stream ends too soon the next goes on, and a loss is reported", () => {
	const { channel, recorder, first, say } = live();
	const next = stream("next");
	say(first, 0);
	channel.live(next, ["live", "news", 2, "epoch", null, false]);
	say(next, 2);
	expect(channel.gone(first, away)).toBe(false);
	say(next, 3);
	expect(channel.isLive).toBe(true);
	expect(channel.comesFrom(next)).toBe(true);
	expect(recorder.events).toEqual(["lost", "restored"]);
	expect(recorder.messages).toEqual(["0", "2", "3"]);
});

test("when the next stream ends the earlier one goes on, and without any the channel is lost", () => {
	const { channel, recorder, first, say } = live();
	const next = stream("next");
	channel.live(next, ["live", "news", 1, "epoch", null, false]);
	say(next, 1);
	expect(channel.gone(next, away)).toBe(false);
	say(first, 0, 1);
	expect(recorder.messages).toEqual(["0", "1"]);
	expect(channel.gone(first, away)).toBe(true);
	expect(channel.isLive).toBe(false);
	expect(recorder.events).toEqual(["lost"]);
});

test("a stream of another hub process has its own numbers, and the change is a loss", () => {
	const { channel, recorder, first, say } = live();
	say(first, 0, 1);
	const next = stream("next");
	channel.live(next, ["live", "news", 0, "another epoch", null, false]);
	say(first, 2);
	say(next, 0);
	expect(recorder.events).toEqual(["lost", "restored"]);
	expect(recorder.messages).toEqual(["0", "1", "0"]);
});

test("while the hub's broker is away a new stream restores nothing", () => {
	const { channel, recorder, first } = live();
	channel.gone(first, away);
	const next = stream("next");
	channel.live(next, ["live", "news", 7, "another epoch", null, true]);
	expect(recorder.events).toEqual(["lost"]);
	channel.line(next, ["restored", "news", 7]);
	expect(recorder.events).toEqual(["lost", "restored"]);
});

test("a subscriber that joins while the hub's broker is away waits for it", async () => {
	const { channel, first } = live();
	channel.line(first, ["lost", "news", 0, "It is away."]);
	const late = new RelayListener(new Recorder());
	channel.add(late);
	expect(late.isLive).toBe(false);
	channel.line(first, ["restored", "news", 1]);
	expect(late.isLive).toBe(true);
	await late.settled;
});
