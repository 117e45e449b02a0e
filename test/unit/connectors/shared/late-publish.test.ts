import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sentWhole } from "../../../../src/connectors/shared/redis-script.ts";
import { RedisStore } from "../../../../src/connectors/shared/redis-store.ts";
import { ConnectorError } from "../../../../src/core/errors.ts";

/** What a publish is given as the latest time at which the server may carry it out. */

const timeout = 3_000;
const hour = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }));
afterEach(() => void vi.useRealTimers());

/** A server with a clock of its own, which a call takes some time to reach, and its answer to come back. */
function scene(ahead = 0) {
	const server = { ahead, way: 5, back: 5, calls: 0, stored: 0, late: [] as number[] };
	const run = async (_key: string, make: () => readonly string[] | undefined) => {
		const [, , keys = "", ...rest] = make() ?? [];
		const [, latest = ""] = rest.slice(Number(keys));
		server.calls++;
		await vi.advanceTimersByTimeAsync(server.way);
		const now = Date.now() + server.ahead;
		server.late.push(now - Number(latest));
		const isLate = now > Number(latest);
		await vi.advanceTimersByTimeAsync(server.back);
		return isLate ? now : [1, `${now}-${server.stored++}`];
	};
	const store = new RedisStore(
		{},
		{
			run,
			scripts: sentWhole,
			command: "PUBLISH",
			timeout,
			errorOf: (reply) => new ConnectorError("refused", reply),
		},
	);
	const messages = [{ channel: "news", payload: '{"data":1}' }];
	const publish = () => store.publish(["news"], () => [{ channel: "news", messages }]);
	return { server, publish };
}

test.each([
	["as here", 0, 1],
	["an hour behind", -hour, 1],
	["an hour ahead", hour, 2],
])("a server whose clock is %s takes each publish once", async (_, ahead, calls) => {
	const { server, publish } = scene(ahead);
	expect(await publish()).toEqual([{ receivers: 1, id: expect.any(String) }]);
	expect(server.calls).toBe(calls);
	for (let n = 0; n < 10; n++) await publish();
	// From the first answer on its clock is known, and no publish takes a second call.
	expect(server).toMatchObject({ calls: calls + 10, stored: 11 });
	// The latest time is never past the moment at which the call is given up.
	for (const late of server.late.slice(calls)) {
		expect(late).toBeGreaterThanOrEqual(server.way - timeout);
		expect(late).toBeLessThanOrEqual(server.way + server.back - timeout + 1);
	}
});

test.each([hour, -hour])("its clock is set by %d ms: each publish goes out once", async (step) => {
	const { server, publish } = scene();
	await publish();
	server.ahead += step;
	for (let n = 0; n < 5; n++) expect((await publish())[0]?.error).toBeUndefined();
	expect(server).toMatchObject({ stored: 6, calls: step > 0 ? 7 : 6 });
});

test("a call that arrives after it was given up is refused, also when answers are slow", async () => {
	const { server, publish } = scene();
	await publish();
	server.back = 2_900;
	await publish();
	// What is known of the clock did not get worse: there is time for this one.
	server.way = 2_500;
	server.back = 5;
	await publish();
	expect(server).toMatchObject({ stored: 3, calls: 3 });
	server.way = timeout + 1;
	await expect(publish()).rejects.toMatchObject({ code: "unavailable" });
	expect(server.stored).toBe(3);
});
