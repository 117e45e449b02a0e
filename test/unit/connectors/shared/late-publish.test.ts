import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sentWhole } from "../../../../src/connectors/shared/redis-script.ts";
import { RedisStore } from "../../../../src/connectors/shared/redis-store.ts";
import { ConnectorError } from "../../../../src/core/errors.ts";

/** The latest time at which the server may carry out a publish. */

const timeout = 3_000;
const hour = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }));
afterEach(() => void vi.useRealTimers());

/** A server with its own clock. Calls to it and its answers take time. */
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
	["the same as here", 0, 1],
	["an hour behind", -hour, 1],
	["an hour ahead", hour, 2],
])("a server whose clock is %s stores each publish once", async (_, ahead, calls) => {
	const { server, publish } = scene(ahead);
	expect(await publish()).toEqual([{ receivers: 1, id: expect.any(String) }]);
	expect(server.calls).toBe(calls);
	for (let n = 0; n < 10; n++) await publish();
	// After the first answer its clock is known, and no publish needs a second call.
	expect(server).toMatchObject({ calls: calls + 10, stored: 11 });
	// The latest time is never after the moment at which the call is given up.
	for (const late of server.late.slice(calls)) {
		expect(late).toBeGreaterThanOrEqual(server.way - timeout);
		expect(late).toBeLessThanOrEqual(server.way + server.back - timeout + 1);
	}
});

test.each([hour, -hour])(
	"a server whose clock jumps by %d ms stores each publish once",
	async (step) => {
		const { server, publish } = scene();
		await publish();
		server.ahead += step;
		for (let n = 0; n < 5; n++) expect((await publish())[0]?.error).toBeUndefined();
		expect(server).toMatchObject({ stored: 6, calls: step > 0 ? 7 : 6 });
	},
);

test("a call that arrives after its timeout is refused, also after slow answers", async () => {
	const { server, publish } = scene();
	await publish();
	server.back = 2_900;
	await publish();
	// The slow answer did not make the known clock difference worse, so this call is in time.
	server.way = 2_500;
	server.back = 5;
	await publish();
	expect(server).toMatchObject({ stored: 3, calls: 3 });
	server.way = timeout + 1;
	await expect(publish()).rejects.toMatchObject({ code: "unavailable" });
	expect(server.stored).toBe(3);
});
