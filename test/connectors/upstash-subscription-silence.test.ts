import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Recorder } from "../../src/testing.ts";
import { until } from "../support/wait.ts";
import { subscribes, useSubscriptions } from "./upstash-subscription-kit.ts";

const { server, setUp, publish } = useSubscriptions();

describe("silence", () => {
	test("on a quiet channel: the stream is replaced, and nothing is lost or reported", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		const commands = gateway.commands;
		await until(() => subscribes(gateway).length === 3 && gateway.openSubscribes === 1, {
			what: "two renewals",
		});
		expect(gateway.commands - commands).toBe(2);
		expect(gateway.maxOpenSubscribes).toBe(2);
		await connector.publish("chat", "after");
		await recorder.saw("after");
		expect([recorder.messages, recorder.events]).toEqual([["after"], []]);
	});

	test("any bytes end a silence", async () => {
		await using scene = await setUp({ maxSilence: 300 });
		const { gateway, connector } = scene;
		await connector.subscribe("chat", new Recorder());
		const start = performance.now();
		await until(
			() => {
				gateway.beat();
				return performance.now() - start > 1_000;
			},
			{ what: "three times the silence that is allowed", every: 20 },
		);
		expect(subscribes(gateway).length).toBe(1);
	});

	test("a message while both streams are open comes once, and the old stream stays", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		for (let round = 1; round <= 3; round++) {
			await until(async () => (await server().numsub("chat")) === 2, { what: "both streams live" });
			expect(await connector.publish("chat", "again")).toEqual({ receivers: 2 });
			await until(() => recorder.messages.length >= round, { what: "the message" });
			await until(() => gateway.openSubscribes === 1, { what: "the second stream dropped" });
		}
		await connector.publish("chat", "last");
		await recorder.saw("last");
		expect(recorder.messages).toEqual(["again", "again", "again", "last"]);
		expect(recorder.events).toEqual([]);
		expect(gateway.maxOpenSubscribes).toBe(2);
	});

	test("of a dead stream: its replacement's messages come, and the gap is reported", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.muteStreams();
		await publish("chat", "swallowed");
		await until(async () => (await server().numsub("chat")) === 2, { what: "both streams live" });
		for (const payload of ["same", "same", "end"]) await publish("chat", payload);
		await recorder.saw("end");
		expect(recorder.messages).toEqual(["same", "same", "end"]);
		expect(recorder.events).toEqual(["lost", "restored"]);
		await until(() => gateway.openSubscribes === 1, { what: "the dead stream dropped" });
	});

	test("followed by the end of the old stream: the new one is there already", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.muteStreams();
		await until(async () => (await server().numsub("chat")) === 2, { what: "both streams live" });
		await publish("chat", "held");
		await [...gateway.streams][0]?.end();
		await recorder.saw("held");
		expect(recorder.events).toEqual(["lost", "restored"]);
		expect(subscribes(gateway).length).toBe(2);
	});

	test("of the whole broker: a failed renewal is a loss, and it is repaired", async () => {
		await using scene = await setUp({ maxSilence: 100, timeout: 2_000 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.muteStreams();
		gateway.pause();
		await recorder.heard("lost");
		await gateway.resume();
		await recorder.heard("restored");
		await connector.publish("chat", "back");
		await recorder.saw("back");
		expect(recorder.messages).toEqual(["back"]);
	});

	test("followed by a refusal: the subscription is over", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.fault({ to: "subscribe", status: 401 });
		await recorder.heard("end:refused");
		expect(recorder.events).toEqual(["end:refused"]);
		await until(() => gateway.openSubscribes === 0, { what: "nothing open" });
	});

	test("on many channels: one renewal at a time, and each old stream closes before the next", async () => {
		await using scene = await setUp({ maxSilence: 50 });
		const { gateway, connector } = scene;
		gateway.behave({ leaveDelay: 100 });
		const channels = Array.from({ length: 5 }, (_, i) => `quiet ${i}`);
		for (const channel of channels) {
			await connector.subscribe(channel, new Recorder());
			// Spread out, so that another one checks its silence soon after each renewal.
			await delay(30);
		}
		const renewed = () =>
			new Set(
				subscribes(gateway)
					.slice(5)
					.map(({ path }) => path),
			).size;
		await until(() => renewed() >= 3, { what: "renewals of three channels" });
		expect(gateway.maxOpenSubscribes).toBe(channels.length + 1);
	});

	test("unsubscribe and close during a renewal leave nothing open", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const first = await connector.subscribe("chat", new Recorder());
		await until(async () => (await server().numsub("chat")) === 2, { what: "both streams live" });
		await first.unsubscribe();
		await until(() => gateway.openSubscribes === 0, { what: "both left" });
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		await until(async () => (await server().numsub("chat")) === 2, { what: "both streams live" });
		await connector.close();
		await until(() => gateway.openSubscribes === 0, { what: "both left" });
		expect(recorder.events).toEqual(["end:closed"]);
	});
});
