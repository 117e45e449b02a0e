import { expect, test } from "vitest";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { type DurableObjectOptions, durableObject } from "../../../src/durable-object/connector.ts";
import { namespace } from "./namespace.ts";

const expires = Number.POSITIVE_INFINITY;

test("a limit of the history that is out of range is refused by name", () => {
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
		"without a cursor it begins with new messages",
		{ lastEventId: undefined, recent: 0, expires },
		[{}],
	],
	[
		"with `recent` it begins with the latest messages",
		{ lastEventId: undefined, recent: 3, expires },
		[{ recent: "3" }],
	],
	["a position is passed on unchanged", at("17-5"), [{ lastEventId: "17-5" }]],
	["0 becomes the start", at("0"), [{ lastEventId: "0-0" }]],
	[
		"a text that is no position becomes `unknown`",
		at("x".repeat(9_000)),
		[{ lastEventId: "unknown" }],
	],
])("the object is asked for one channel: %s", async (_, resume, expected) => {
	const { asked, heads, connector } = objects();
	await connector.stream?.(["a"], resume);
	expect(asked).toEqual(expected.map((each) => ({ channel: "a", ...limits, ...each })));
	expect(heads).toEqual([]);
});

test("the channel prefix and the end of the stream are passed to the object", async () => {
	const { asked, connector } = objects({ hold: "object" });
	const sse = new ServerSentEvents({ connector, channels: { prefix: "tenant/" } });
	const url = "http://hub.test/?channel=a";
	await sse.stream(new Request(url), { expires: 4_000_000_000_000 });
	const known = { prefix: "tenant/", expires: "4000000000000" };
	expect(asked).toEqual([{ channel: "tenant/a", ...known }]);
});

test("a failure of the object becomes the same ConnectorError here", async () => {
	const failure = { code: "refused" as const, message: "It keeps none." };
	const stub = { read: async () => ({ failure }), head: async () => ({ failure }) };
	const connector = durableObject(namespace(stub), { history });
	const refused = { name: "ConnectorError", ...failure };
	await expect(connector.history?.read("a", "0-0", 1)).rejects.toMatchObject(refused);
	await expect(connector.history?.head("a")).rejects.toMatchObject(refused);
});

test("without the option `history` the objects get no history parameters", async () => {
	const { asked, connector } = objects({ hold: "object" });
	expect(connector.history).toBeUndefined();
	await connector.stream?.(["a"], { lastEventId: undefined, recent: 3, expires });
	expect(asked).toEqual([{ channel: "a", recent: "3" }]);
});
