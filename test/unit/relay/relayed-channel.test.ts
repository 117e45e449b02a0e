import { expect, test } from "vitest";
import { ConnectorError } from "../../../src/core/errors.ts";
import type { IncomingStream } from "../../../src/relay/incoming.ts";
import { RelayedChannel, RelayListener } from "../../../src/relay/relayed-channel.ts";
import { Recorder } from "../../../src/testing.ts";

const away = new ConnectorError("unavailable", "It broke.");
const stream = (name: string) => ({ name }) as unknown as IncomingStream;

/** A channel that one stream brings, from line 0 on. */
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

test("a stream that is behind brings each line once", () => {
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

test("a stream that is ahead waits for the one before", () => {
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

test("the one before ends too early: the next goes on, and what is missing is told as a loss", () => {
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

test("the next one ends, and the one before goes on; then there is none", () => {
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

test("another process of the hub counts anew", () => {
	const { channel, recorder, first, say } = live();
	say(first, 0, 1);
	const next = stream("next");
	channel.live(next, ["live", "news", 0, "another epoch", null, false]);
	say(first, 2);
	say(next, 0);
	expect(recorder.events).toEqual(["lost", "restored"]);
	expect(recorder.messages).toEqual(["0", "1", "0"]);
});

test("while the hub's own broker is away a stream restores nothing", () => {
	const { channel, recorder, first } = live();
	channel.gone(first, away);
	const next = stream("next");
	channel.live(next, ["live", "news", 7, "another epoch", null, true]);
	expect(recorder.events).toEqual(["lost"]);
	channel.line(next, ["restored", "news", 7]);
	expect(recorder.events).toEqual(["lost", "restored"]);
});

test("who subscribes while the hub's own broker is away waits for it", async () => {
	const { channel, first } = live();
	channel.line(first, ["lost", "news", 0, "It is away."]);
	const late = new RelayListener(new Recorder());
	channel.add(late);
	expect(late.isLive).toBe(false);
	channel.line(first, ["restored", "news", 1]);
	expect(late.isLive).toBe(true);
	await late.settled;
});
