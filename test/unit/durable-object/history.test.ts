import { expect, test } from "vitest";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { type DurableObjectOptions, durableObject } from "../../../src/durable-object/connector.ts";
import { namespace } from "./namespace.ts";

const expires = Number.POSITIVE_INFINITY;

test("limits of the history that are out of range are named", () => {
	for (const name of ["maxLength", "maxAge"]) {
		for (const value of [0, 1.5, "5"]) {
			const making = () => durableObject(namespace(), { history: { [name]: value } as object });
			expect(making).toThrow(`history.${name}`);
		}
	}
});

const history = { maxLength: 7, maxAge: 60_000 };
const at = (lastEventId: string) => ({ lastEventId, recent: 3, expires });

/** What the objects were asked for. */
function objects(options: DurableObjectOptions = { history, hold: "object" }) {
	const asked: Record<string, string>[] = [];
	const heads: unknown[] = [];
	const found = namespace({
		head: async (...args) => {
			heads.push(args);
			return { id: `${heads.length}-0` };
		},
	});
	const { fetch } = found.stub;
	found.stub.fetch = (url, init) => {
		asked.push(Object.fromEntries(new URL(url).searchParams));
		return fetch(url, init);
	};
	return { asked, heads, connector: durableObject(found, options) };
}

const limits = { maxLength: "7", maxAge: "60000" };

test.each([
	[
		"without a cursor it begins with what is new",
		{ lastEventId: undefined, recent: 0, expires },
		[{}],
	],
	["or with the latest", { lastEventId: undefined, recent: 3, expires }, [{ recent: "3" }]],
	["a position goes on as it is", at("17-5"), [{ lastEventId: "17-5" }]],
	["from the start", at("0"), [{ lastEventId: "0-0" }]],
	["what is none is said to be none", at("x".repeat(9_000)), [{ lastEventId: "unknown" }]],
])("one channel: %s", async (_, resume, expected) => {
	const { asked, heads, connector } = objects();
	await connector.stream?.(["a"], resume);
	expect(asked).toEqual(expected.map((each) => ({ channel: "a", ...limits, ...each })));
	expect(heads).toEqual([]);
});

test("what the client does not know of, and when its stream is to end, are for the object to heed", async () => {
	const { asked, connector } = objects({ hold: "object" });
	const sse = new ServerSentEvents({ connector, channels: { prefix: "tenant/" } });
	const url = "http://hub.test/?channel=a";
	await sse.stream(new Request(url), { expires: 4_000_000_000_000 });
	const known = { prefix: "tenant/", expires: "4000000000000" };
	expect(asked).toEqual([{ channel: "tenant/a", ...known }]);
});

test("a failure of the object's is the same error here", async () => {
	const failure = { code: "refused" as const, message: "It keeps none." };
	const stub = { read: async () => ({ failure }), head: async () => ({ failure }) };
	const connector = durableObject(namespace(stub), { history });
	const refused = { name: "ConnectorError", ...failure };
	await expect(connector.history?.read("a", "0-0", 1)).rejects.toMatchObject(refused);
	await expect(connector.history?.head("a")).rejects.toMatchObject(refused);
});

test("without it nothing of it is said to the objects", async () => {
	const { asked, connector } = objects({ hold: "object" });
	expect(connector.history).toBeUndefined();
	await connector.stream?.(["a"], { lastEventId: undefined, recent: 3, expires });
	expect(asked).toEqual([{ channel: "a", recent: "3" }]);
});
