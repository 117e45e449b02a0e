import { describe, expect, onTestFinished, test } from "vitest";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { until } from "../support/wait.ts";
import { Listener, newChannel, usePolling } from "./upstash-polling-kit.ts";

/** When channels are polled, and who is told. */

const { fixture, refuse, subscribes, connect } = usePolling();

test("where streams work nothing is polled", async () => {
	const connector = connect();
	const listener = new Listener();
	const channel = newChannel();
	await connector.subscribe(channel, listener);
	expect(fixture.gateway.openSubscribes).toBe(1);
	const { id } = await connector.publish(channel, '{"data":"1"}');
	await listener.saw(`{"id":"${id}","data":"1"}`);
	expect(connector.name).toBe("upstash");
	expect(listener.degraded).toEqual([]);
});

describe("a plan or a proxy that refuses streams", () => {
	test.for([400, 403, 404, 405, 501])(
		"%i: channels are polled, and onDegraded says why",
		async (status) => {
			refuse(status);
			const connector = connect();
			const listener = new Listener();
			const channel = newChannel();
			await connector.subscribe(channel, listener);
			const { id } = await connector.publish(channel, '{"data":"1"}');
			await listener.saw(`{"id":"${id}","data":"1"}`);
			expect(listener.degraded.map(({ message }) => message)).toEqual([
				`Upstash answered ${status}: ERR no SUBSCRIBE The channel is polled instead, every 10 to 10 ms.`,
			]);
			expect(listener.degraded[0]?.code).toBe(status < 500 ? "refused" : "unavailable");
			expect(listener.events).toEqual([]);
			expect(connector.name).toBe("upstash, polling");
		},
	);

	test("is asked once, not for each channel", async () => {
		refuse();
		const connector = connect();
		const before = subscribes();
		const listeners = Array.from({ length: 5 }, () => new Listener());
		for (const listener of listeners) await connector.subscribe(newChannel(), listener);
		expect(subscribes() - before).toBe(1);
		expect(listeners.flatMap(({ degraded }) => degraded)).toHaveLength(1);
	});

	test("a hub reports it to onError, and streams as usual", async () => {
		refuse();
		const reports: unknown[] = [];
		const sse = new ServerSentEvents({
			connector: connect(),
			onError: (error, { stage, channel }) => reports.push([stage, channel, String(error)]),
		});
		onTestFinished(() => sse.close());
		const channel = newChannel();
		const reading = (async () => {
			const seen: unknown[] = [];
			for await (const { data } of sse.messages(channel)) {
				seen.push(data);
				if (data === "end") return seen;
			}
			return seen;
		})();
		await until(() => sse.stats().channels === 1, { what: "the channel" });
		await until(() => reports.length === 1, { what: "the report" });
		for (const data of ["1", "2", "end"]) await sse.publish(data, { channel });
		expect(await reading).toEqual(["1", "2", "end"]);
		expect(reports).toEqual([
			["upstream", channel, expect.stringMatching(/polled instead, every 10 to 10 ms\.$/)],
		]);
		expect(sse.connector.name).toBe("upstash, polling");
	});

	test("unsubscribe ends the polls", async () => {
		refuse();
		const connector = connect();
		const subscription = await connector.subscribe(newChannel(), new Listener());
		const before = fixture.gateway.commands;
		await until(() => fixture.gateway.commands > before + 2, { what: "some polls" });
		await subscription.unsubscribe();
		await connector.check?.(); // after the poll that was under way
		const after = fixture.gateway.commands;
		for (let n = 0; n < 10; n++) await connector.check?.();
		expect(fixture.gateway.commands - after).toBe(10);
		expect(connector.name).toBe("upstash");
	});

	test("a server that also refuses the history: subscribe rejects", async () => {
		fixture.gateway.fault({ status: 401, error: "Unauthorized" });
		const listener = new Listener();
		await expect(connect().subscribe(newChannel(), listener)).rejects.toMatchObject({
			code: "refused",
			message: "Upstash answered 401: Unauthorized",
		});
		expect([listener.events, listener.degraded]).toEqual([[], []]);
	});

	test("without a fallback it is an error, and nothing is polled", async () => {
		refuse();
		const commands = fixture.gateway.commands;
		const subscribing = connect({}, { fallback: undefined }).subscribe(
			newChannel(),
			new Listener(),
		);
		await expect(subscribing).rejects.toMatchObject({ code: "refused" });
		expect(fixture.gateway.commands).toBe(commands);
	});
});

test("a proxy that holds streams back: channels are polled after the timeout, and the request is closed", async () => {
	fixture.gateway.behave({ silent: true });
	const connector = connect({}, { timeout: 1_500 });
	const listener = new Listener();
	const channel = newChannel();
	await connector.subscribe(channel, listener);
	expect(String(listener.degraded)).toContain("did not confirm the subscription within 1500 ms");
	const { id } = await connector.publish(channel, '{"data":"1"}');
	await listener.saw(`{"id":"${id}","data":"1"}`);
	await until(() => fixture.gateway.openSubscribes === 0, { what: "the leave" });
});
