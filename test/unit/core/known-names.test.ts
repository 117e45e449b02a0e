import { describe, expect, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { upstash } from "../../../src/connectors/upstash.ts";
import { checkNames } from "../../../src/core/known-names.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { durableObject } from "../../../src/durable-object/connector.ts";
import { namespace } from "../durable-object/namespace.ts";
import { request, scene } from "./stream/kit.ts";

const connector = memory();
const database = { url: "https://db.upstash.io", token: "hunter2" };

describe("an unknown option is refused, and the error names the right one", () => {
	test.each<[owner: string, make: (options: object) => unknown, options: object, says: string]>([
		...["keepalive", "keepAliv", "keep_alive", "keepAliveInterval", "heartbeat"].map((name) =>
			sse({ [name]: 5 }, `${name}: unknown option. Did you mean keepAlive?`),
		),
		sse({ maxConnections: 5 }, "maxConnections: unknown option. Write limits: { connections }."),
		sse(
			{ limits: { connection: 5 } },
			"limits.connection: unknown option. Did you mean connections?",
		),
		sse({ channels: { alowed: ["a"] } }, "channels.alowed: unknown option. Did you mean allowed?"),
		sse({ allowedChannels: ["a"] }, "Write channels: { allowed }."),
		sse({ authorise: () => true }, "Did you mean authorize?"),
		sse({ onerror: () => undefined }, "Did you mean onError?"),
		sse({ history: {} }, "memory({ history })"),
		sse({ url: "redis://:hunter2@localhost" }, 'connector: redis("redis://…")'),
		sse({ cors: { origins: ["https://a.example"] } }, "cors.origins: unknown option."),
		sse({ cors: { origin: "*", credential: true } }, "Did you mean credentials?"),
		["memory", memory, { histroy: {} }, "memory(): histroy: unknown option. Did you mean history?"],
		["memory", memory, { maxLength: 5 }, "history: { maxLength"],
		["memory", memory, { history: { maxlength: 5 } }, "history.maxlength: unknown option."],
		["memory", memory, { history: { ttl: 60 } }, "Write maxAge, in ms."],
		["memory", memory, { history: true }, "history: must be an object"],
		up({ restToken: "hunter2" }, "upstash(): restToken: unknown option. Did you mean token?"),
		up({ automaticDeserialization: false }, "Leave it out"),
		up({ retry: { retries: 3 } }, "Leave it out"),
		up({ maxsilence: 3 }, "Did you mean maxSilence?"),
		up({ client: {} }, "Pass the client itself: upstash(client, options)."),
		object({ timeOut: 3 }, "durableObject(): timeOut: unknown option. Did you mean timeout?"),
		object({ keepAlive: 3 }, "options = { keepAlive }"),
		object({ history: { maxAges: 3 } }, "history.maxAges: unknown option. Did you mean maxAge?"),
	])("%s refuses %j", (_, make, options, says) => {
		const thrower = () => make(options);
		expect(thrower).toThrow(TypeError);
		expect(thrower).toThrow(says);
		expect(thrower).not.toThrow("hunter2");
	});
});

function sse(options: object, says: string) {
	const make = (own: object) => new ServerSentEvents({ connector, ...own });
	return ["ServerSentEvents", make, options, says] as const satisfies unknown[] as never;
}

function up(options: object, says: string) {
	return ["upstash", (own: object) => upstash({ ...database, ...own }), options, says] as never;
}

function object(options: object, says: string) {
	return [
		"durableObject",
		(own: object) => durableObject(namespace(), own),
		options,
		says,
	] as never;
}

test("a misspelt `channel` neither lets the client choose nor publishes to the default", async () => {
	const it = scene();
	for (const name of ["channels", "chanel", "Channel"]) {
		const options = { [name]: "room.1" };
		await expect(it.sse.stream(request("channel=secret"), options)).rejects.toThrow(
			`Cannot stream. ${name}: unknown option. Did you mean channel?`,
		);
		await expect(it.sse.publish("x", options)).rejects.toThrow(
			`Cannot publish. ${name}: unknown option. Did you mean channel?`,
		);
	}
	await expect(it.sse.publish("x", { event: "greeting" } as never)).rejects.toThrow(
		"Cannot publish. event: unknown option. Did you mean type?",
	);
	expect(it.calls).toEqual([]);
});

test("undefined options are accepted, and only a plausible name is quoted", () => {
	new ServerSentEvents({ connector, ...{ connected: 1, port: 8787, name: "x" } });
	const silent: object = { keepAlive: 1, other: undefined, constructor: undefined };
	checkNames("", silent, ["keepAlive"]);
	const odd = (name: string) => () => checkNames("", { [name]: 1 } as object, ["keepAlive"]);
	// @ts-expect-error the list of names lacks an option
	expect(() => checkNames("", { keepAlive: 1, ping: true }, ["keepAlive"])).toThrow("ping");
	const rule = /^unknown option\. The options are keepAlive\.$/;
	expect(odd("a\nb: is fine")).toThrow(rule);
	expect(odd("x".repeat(10_000))).toThrow(rule);
	expect(odd("redis://:hunter2@localhost")).toThrow(rule);
	expect(odd("constructor")).toThrow("constructor: unknown option. The options are keepAlive.");
	expect(odd("toString")).toThrow("toString: unknown option.");
});
