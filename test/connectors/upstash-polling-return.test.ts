import { describe, expect, onTestFinished, test } from "vitest";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { until } from "../support/wait.ts";
import { Listener, newChannel, usePolling } from "./upstash-polling-kit.ts";

/** Streams that break, the return to streams, and polls that fail. */

const { fixture, refuse, subscribes, connect } = usePolling();

const textOf = (payload: string | undefined) => JSON.parse(payload ?? "{}").data;

describe("a stream that breaks", () => {
	test.for([
		["is refused from then on", () => refuse()],
		["cannot be reopened", () => fixture.gateway.fault({ to: "subscribe", status: 429 })],
	] as const)("and %s: no message is lost, doubled or out of order", async ([, fault]) => {
		const connector = connect({ streamRetry: 50 }, { timeout: 1_500 });
		const listener = new Listener();
		const codes: unknown[] = [];
		const sse = new ServerSentEvents({
			connector,
			onError: (error) => codes.push((error as { code?: string }).code),
		});
		onTestFinished(() => sse.close());
		const publisher = new ServerSentEvents({ connector: connect({}, { timeout: 30_000 }) });
		onTestFinished(() => publisher.close());
		const channel = newChannel();
		await connector.subscribe(channel, listener);
		const seen: number[] = [];
		const stop = new AbortController();
		const reading = (async () => {
			for await (const { data } of sse.messages(channel, { signal: stop.signal, lastEventId: "0" }))
				seen.push(Number(data));
		})();
		await until(() => fixture.gateway.openSubscribes === 2, { what: "both streams" });
		let n = 0;
		const publish = async (until: number) => {
			while (n < until) await publisher.publish(`${n++}`, { channel });
		};
		await publish(20);
		fault();
		fixture.gateway.resetStreams();
		await publish(40);
		await until(() => listener.degraded.length > 0, { what: "polls" });
		await publish(60);
		// The network works again: the next try gets a stream.
		fixture.gateway.faultless();
		await until(() => publish(n + 1).then(() => fixture.gateway.openSubscribes === 2), {
			what: "streams again",
		});
		await until(() => connector.name === "upstash", { what: "the end of the polls" });
		await publish(n + 20);
		await until(() => seen.length >= n, { what: "all messages" });
		stop.abort();
		await reading;
		expect(seen).toEqual(Array.from({ length: n }, (_, index) => index));
		expect(codes).not.toContain("gap");
		expect(listener.events.slice(0, 2)).toEqual(["lost", "restored"]);
	});

	test("while nothing else works either: no poll succeeds, and the stream reconnects by itself", async () => {
		const connector = connect({}, { timeout: 1_000 });
		const listener = new Listener();
		await connector.subscribe(newChannel(), listener);
		fixture.gateway.fault({ status: 503 });
		fixture.gateway.resetStreams();
		await listener.heard("lost");
		// Polls were tried, more than once.
		const commands = () => fixture.gateway.requests.filter(({ path }) => path === "/").length;
		const before = commands();
		await until(() => commands() > before + 1, { what: "two looks at the history" });
		fixture.gateway.faultless();
		await listener.heard("restored");
		expect(listener.degraded).toEqual([]);
		expect(listener.events).toEqual(["lost", "restored"]);
	});

	test("close during the change ends everything", async () => {
		const connector = connect({}, { timeout: 1_000 });
		const listener = new Listener();
		await connector.subscribe(newChannel(), listener);
		refuse();
		fixture.gateway.behave({ delay: 50 });
		const before = fixture.gateway.requests.length;
		fixture.gateway.resetStreams();
		await until(
			() =>
				fixture.gateway.requests.at(-1)?.path === "/" && fixture.gateway.requests.length > before,
			{
				what: "the look at the history",
			},
		);
		await connector.close();
		expect(listener.events).toEqual(["lost", "end:closed"]);
		expect(connector.name).toBe("upstash");
	});
});

describe("back to streams", () => {
	test("all channels follow the first that gets one", async () => {
		refuse();
		const connector = connect({ streamRetry: 100 });
		const listeners = Array.from({ length: 5 }, () => new Listener());
		const names = listeners.map(newChannel);
		for (const [n, name] of names.entries()) {
			await connector.subscribe(name, listeners[n] as Listener);
		}
		const before = subscribes();
		await until(() => subscribes() > before + 2, { what: "further tries" });
		expect(connector.name).toBe("upstash, polling");
		fixture.gateway.faultless();
		await until(() => fixture.gateway.openSubscribes === 5, { what: "five streams" });
		await until(() => connector.name === "upstash", { what: "the end of the polls" });
		for (const listener of listeners) {
			await listener.heard("restored");
			expect(listener.events).toEqual(["restored"]);
		}
	});

	test("streamRetry: Infinity: never", async () => {
		refuse();
		const connector = connect({ streamRetry: Number.POSITIVE_INFINITY });
		await connector.subscribe(newChannel(), new Listener());
		const before = subscribes();
		fixture.gateway.faultless();
		const polls = fixture.gateway.commands;
		await until(() => fixture.gateway.commands > polls + 20, { what: "20 polls" });
		await connector.subscribe(newChannel(), new Listener());
		expect(subscribes()).toBe(before);
	});
});

describe("polls that fail", () => {
	test("are reported once, wait for Retry-After, and lose nothing", async () => {
		refuse();
		const connector = connect();
		const listener = new Listener();
		const channel = newChannel();
		let asked = Infinity;
		const onRestored = () => {
			asked = fixture.gateway.requests.length;
			listener.onRestored();
		};
		await connector.subscribe(channel, { ...listener, onRestored });
		fixture.gateway.fault({ to: "command", status: 429, retryAfter: "1", times: 1 });
		await listener.heard("lost");
		const [requests, at] = [fixture.gateway.requests.length, performance.now()];
		await fixture.server.command("PING"); // by another connection
		await listener.heard("restored");
		expect(performance.now() - at).toBeGreaterThan(900);
		expect(asked - requests).toBeLessThan(5);
		const { id } = await connector.publish(channel, '{"data":"1"}');
		await listener.saw(`{"id":"${id}","data":"1"}`);
		expect(listener.messages.map(textOf)).toEqual(["1"]);
		expect(listener.events).toEqual(["lost", "restored"]);
	});

	test.for([
		["a proxy's page", { status: 200, body: "<html>" }],
		["no result", { status: 200, body: "{}" }],
		["a result that is too short", { status: 200, body: '{"result":["1"]}' }],
	] as const)("%s is a loss, not the end", async ([, fault]) => {
		refuse();
		const connector = connect();
		const listener = new Listener();
		await connector.subscribe(newChannel(), listener);
		fixture.gateway.fault({ to: "command", times: 1, ...fault });
		await listener.heard("restored");
		expect(listener.events).toEqual(["lost", "restored"]);
		expect(listener.errors[0]).toMatchObject({ code: "unavailable" });
	});

	test("a refusal ends the subscription", async () => {
		refuse();
		const connector = connect();
		const listener = new Listener();
		await connector.subscribe(newChannel(), listener);
		fixture.gateway.fault({ to: "command", status: 401, error: "Unauthorized", times: 1 });
		await listener.heard("end:refused");
		expect(listener.events).toEqual(["end:refused"]);
	});

	test("another program's key ends only its own channel", async () => {
		refuse();
		const connector = connect();
		const [bad, good] = [new Listener(), new Listener()];
		const channel = newChannel();
		await connector.subscribe(channel, good);
		await connector.subscribe(`${channel}.bad`, bad);
		await connector.publish(`${channel}.bad`, '{"data":"1"}');
		const [key = ""] = (await fixture.server.command("KEYS", `*${channel}.bad`)) as string[];
		await fixture.server.command("DEL", key);
		await fixture.server.command("SET", key, "theirs");
		await bad.heard("end:refused");
		expect(String(bad.errors.at(-1))).toContain("WRONGTYPE");
		const { id } = await connector.publish(channel, '{"data":"1"}');
		await good.saw(`{"id":"${id}","data":"1"}`);
		expect(good.events).toEqual([]);
	});
});
