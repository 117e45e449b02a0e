import { inspect } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { upstash } from "../../../../src/connectors/upstash.ts";

const token = "hunter2hunter2";

test.each([
	["an HTML page", `<html>${token}`],
	["empty", ""],
	["half of a reply", `{"result":"${token}`],
])(
	"an answer that is %s instead of JSON is an error that quotes nothing of it",
	async (_, body) => {
		const fetching = vi
			.spyOn(globalThis, "fetch")
			.mockImplementation(async () => new Response(body));
		onTestFinished(() => fetching.mockRestore());
		const connector = upstash({ url: "https://db.upstash.io", token });
		onTestFinished(() => connector.close());
		const error = await connector.publish("a", "{}").catch((reason: unknown) => reason);
		expect(error).toMatchObject({ code: "unavailable" });
		expect(String(error)).toContain("is no JSON. Check that the URL is that of the REST API.");
		expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(token);
	},
);

test.each([
	["null", null],
	["a class", class Redis {}],
	["a URL", "https://db.upstash.io"],
])("%s as target is a TypeError", (_, target) => {
	expect(() => upstash(target as never)).toThrow(
		new TypeError("upstash(): must be given { url, token }, or a client of @upstash/redis."),
	);
});
