import { expect, test } from "vitest";
import { until } from "../support/wait.ts";
import { useGateway } from "./upstash-gateway-kit.ts";

/** The faults that tests can order from the gateway. */

const { bed, raw } = useGateway();

test("faults, resets, silence and ends happen on request", async () => {
	bed.gateway.fault({ status: 429, retryAfter: "7", times: 1 });
	const limited = await raw("/get/a");
	expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
	bed.gateway.fault({ to: "subscribe", status: 500, times: 1 });
	expect((await raw("/get/a")).status).toBe(200);
	expect((await raw("/subscribe/a", { method: "POST" })).status).toBe(500);
	bed.gateway.fault({ status: "reset", times: 1 });
	await expect(raw("/get/a", { method: "POST" })).rejects.toThrow(TypeError);
	bed.gateway.fault({ status: 500, afterwards: true, times: 1 });
	expect((await raw("/incr/done", { method: "POST" })).status).toBe(500);
	expect(await bed.server.command("GET", "done")).toBe("1");

	const stream = async () => (await raw("/subscribe/a", { method: "POST" })).body?.getReader();
	const ended = await stream();
	expect((await ended?.read())?.done).toBe(false);
	await bed.gateway.endStreams();
	expect((await ended?.read())?.done).toBe(true);
	const reset = await stream();
	expect((await reset?.read())?.done).toBe(false);
	bed.gateway.resetStreams();
	await expect(reset?.read()).rejects.toThrow(TypeError);
	await until(() => bed.gateway.openSubscribes === 0, { what: "both gone" });

	bed.gateway.behave({ silent: true });
	const silent = await stream();
	const read = silent?.read();
	await until(async () => (await bed.server.numsub("a")) === 1, { what: "a live, silent stream" });
	await bed.server.command("PUBLISH", "a", "swallowed");
	await bed.gateway.endStreams();
	expect((await read)?.done).toBe(true);
});

test("while paused it holds requests back, and drops those whose client has left", async () => {
	bed.gateway.pause();
	const abort = new AbortController();
	const withdrawn = raw("/incr/withdrawn", { method: "POST", signal: abort.signal });
	const waiting = raw("/incr/waiting", { method: "POST" });
	const seen = () => bed.gateway.requests.slice(-2).every(({ commands }) => commands.length === 1);
	await until(seen, { what: "both requests at the gateway" });
	abort.abort();
	await expect(withdrawn).rejects.toThrow("abort");
	// The gateway hears of the leave over the socket, on which nothing else will follow.
	await raw(`/ping?_token=${bed.gateway.token}`, { method: "DELETE" });
	await bed.gateway.resume();
	expect((await waiting).status).toBe(200);
	expect(await bed.server.command("GET", "withdrawn")).toBeNull();
	expect(await bed.server.command("GET", "waiting")).toBe("1");
});

test("it stops with every connection, and starts again under the same address", async () => {
	const response = await raw("/subscribe/a", { method: "POST" });
	const reader = response.body?.getReader();
	expect((await reader?.read())?.done).toBe(false);
	await bed.gateway.stop();
	await expect(reader?.read()).rejects.toThrow(TypeError);
	await expect(raw("/get/a")).rejects.toThrow(TypeError);
	await bed.gateway.start();
	expect((await raw("/get/a")).status).toBe(200);
	await until(async () => (await bed.server.numsub("a")) === 0, { what: "nothing left at Redis" });
});
