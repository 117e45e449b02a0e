import { expect, test } from "vitest";
import { until } from "../support/wait.ts";
import { useGateway } from "./upstash-gateway-kit.ts";

/** The faults that tests can order from the gateway. */

const { fixture, raw } = useGateway();

test("faults, resets, silence and ends happen on request", async () => {
	fixture.gateway.fault({ status: 429, retryAfter: "7", times: 1 });
	const limited = await raw("/get/a");
	expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
	fixture.gateway.fault({ to: "subscribe", status: 500, times: 1 });
	expect((await raw("/get/a")).status).toBe(200);
	expect((await raw("/subscribe/a", { method: "POST" })).status).toBe(500);
	fixture.gateway.fault({ status: "reset", times: 1 });
	await expect(raw("/get/a", { method: "POST" })).rejects.toThrow(TypeError);
	fixture.gateway.fault({ status: 500, afterwards: true, times: 1 });
	expect((await raw("/incr/done", { method: "POST" })).status).toBe(500);
	expect(await fixture.server.command("GET", "done")).toBe("1");

	const stream = async () => (await raw("/subscribe/a", { method: "POST" })).body?.getReader();
	const ended = await stream();
	expect((await ended?.read())?.done).toBe(false);
	await fixture.gateway.endStreams();
	expect((await ended?.read())?.done).toBe(true);
	const reset = await stream();
	expect((await reset?.read())?.done).toBe(false);
	fixture.gateway.resetStreams();
	await expect(reset?.read()).rejects.toThrow(TypeError);
	await until(() => fixture.gateway.openSubscribes === 0, { what: "both gone" });

	fixture.gateway.behave({ silent: true });
	const silent = await stream();
	const read = silent?.read();
	await until(async () => (await fixture.server.numsub("a")) === 1, {
		what: "a live, silent stream",
	});
	await fixture.server.command("PUBLISH", "a", "swallowed");
	await fixture.gateway.endStreams();
	expect((await read)?.done).toBe(true);
});

test("while paused it holds requests back, and drops those whose client has left", async () => {
	fixture.gateway.pause();
	const abort = new AbortController();
	const withdrawn = raw("/incr/withdrawn", { method: "POST", signal: abort.signal });
	const waiting = raw("/incr/waiting", { method: "POST" });
	const seen = () =>
		fixture.gateway.requests.slice(-2).every(({ commands }) => commands.length === 1);
	await until(seen, { what: "both requests at the gateway" });
	abort.abort();
	await expect(withdrawn).rejects.toThrow("abort");
	// The gateway hears of the leave over the socket, on which nothing else will follow.
	await raw(`/ping?_token=${fixture.gateway.token}`, { method: "DELETE" });
	await fixture.gateway.resume();
	expect((await waiting).status).toBe(200);
	expect(await fixture.server.command("GET", "withdrawn")).toBeNull();
	expect(await fixture.server.command("GET", "waiting")).toBe("1");
});

test("it stops with every connection, and starts again under the same address", async () => {
	const response = await raw("/subscribe/a", { method: "POST" });
	const reader = response.body?.getReader();
	expect((await reader?.read())?.done).toBe(false);
	await fixture.gateway.stop();
	await expect(reader?.read()).rejects.toThrow(TypeError);
	await expect(raw("/get/a")).rejects.toThrow(TypeError);
	await fixture.gateway.start();
	expect((await raw("/get/a")).status).toBe(200);
	await until(async () => (await fixture.server.numsub("a")) === 0, {
		what: "nothing left at Redis",
	});
});
