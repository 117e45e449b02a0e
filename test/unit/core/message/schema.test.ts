import * as v from "valibot";
import { expect, expectTypeOf, onTestFinished, test } from "vitest";
import { z } from "zod";
import { memory } from "../../../../src/connectors/memory.ts";
import { ValidationError } from "../../../../src/core/message/schema.ts";
import { type Message, ServerSentEvents } from "../../../../src/exports.ts";

const greeting = {
	zod: z.object({ message: z.string(), tone: z.string().default("warm") }),
	valibot: v.object({ message: v.string(), tone: v.optional(v.string(), "warm") }),
	async: z
		.object({ message: z.string(), tone: z.string().default("warm") })
		.refine(async ({ message }) => message !== "taken", { path: ["message"], error: "is taken" }),
};

function closed<T extends { close(): Promise<void> }>(sse: T): T {
	onTestFinished(() => sse.close());
	return sse;
}

/** The next message of the channel, subscribed to before anything is published. */
async function listening<T extends Message>(messages: AsyncIterableIterator<T>) {
	const next = messages.next();
	onTestFinished(async () => void (await messages.return?.()));
	// The subscription begins within this turn, because memory has no connection to open.
	await new Promise((resolve) => setImmediate(resolve));
	return async () => (await next).value as T;
}

test.for(Object.entries(greeting))(
	"valid data is published as the schema returns it: %s",
	async ([, schema]) => {
		const sse = closed(new ServerSentEvents({ connector: memory(), events: { greeting: schema } }));
		const next = await listening(sse.messages());
		await sse.publish({ message: "Hello!" }, { type: "greeting" });
		expect(await next()).toMatchObject({
			type: "greeting",
			data: { message: "Hello!", tone: "warm" },
		});
	},
);

test.for(Object.entries(greeting))(
	"invalid data is refused with the validator's issues: %s",
	async ([, schema]) => {
		const connector = memory();
		const published: string[] = [];
		await connector.subscribe("sse", {
			onMessage: (payload) => published.push(payload),
			onLost: () => undefined,
			onRestored: () => undefined,
			onEnd: () => undefined,
		});
		const sse = closed(new ServerSentEvents({ connector, events: { greeting: schema } }));
		const wrong = { message: 7 } as never;
		const refused = sse.publish(wrong, { type: "greeting" });
		await expect(refused).rejects.toBeInstanceOf(ValidationError);
		await expect(refused).rejects.toMatchObject({
			code: "invalid_data",
			message: expect.stringMatching(
				/^Cannot publish\. data\.message: .*, for events of the type greeting\.$/,
			),
			issues: [{ message: expect.any(String) }],
		});
		expect(published).toEqual([]);
	},
);

test("publish() waits for an asynchronous schema", async () => {
	const sse = closed(
		new ServerSentEvents({ connector: memory(), events: { greeting: greeting.async } }),
	);
	await expect(sse.publish({ message: "taken" }, { type: "greeting" })).rejects.toMatchObject({
		issues: [{ message: "is taken", path: ["message"] }],
	});
});

test("with schemas other event types are refused", async () => {
	const sse = closed(
		new ServerSentEvents({ connector: memory(), events: { greeting: greeting.zod } }),
	);
	for (const type of ["greetings", "toString", "message", undefined]) {
		const other = sse.publish({ message: "x" } as never, { type } as never);
		await expect(other).rejects.toThrow(
			/^Cannot publish\. Unknown event type ".*"; expected one of: greeting\.$/,
		);
	}
	const plain = closed(
		new ServerSentEvents({ connector: memory(), events: { message: z.number() } }),
	);
	await plain.publish(1);
	await plain.publish(2, { type: "message" });
	await expect(plain.publish("three" as never)).rejects.toBeInstanceOf(ValidationError);
});

test("an error that a schema throws rejects the publish", async () => {
	const broken = z.string().refine(() => {
		throw new Error("the validator's own fault");
	});
	const sse = closed(new ServerSentEvents({ connector: memory(), events: { message: broken } }));
	await expect(sse.publish("x")).rejects.toThrow("the validator's own fault");
});

test("stringify writes all data, strings included, and must return JSON", async () => {
	const dates = (data: unknown) =>
		JSON.stringify({ json: data, dates: data instanceof Date ? [""] : [] });
	const sse = closed(new ServerSentEvents({ connector: memory(), stringify: dates }));
	const response = await sse.fetch(new Request("http://localhost/"));
	await sse.publish(new Date(0));
	await sse.publish("text");
	await sse.close();
	expect(await response.text()).toMatch(
		/^:\n\ndata:\{"json":"1970-01-01T00:00:00.000Z","dates":\[""\]\}\n\ndata:\{"json":"text","dates":\[\]\}\n\nretry:/,
	);
	const broken = closed(new ServerSentEvents({ connector: memory(), stringify: () => "no JSON" }));
	await expect(broken.publish(1)).rejects.toThrow("stringify: must be the text of one JSON value.");
	expect(() => new ServerSentEvents({ connector: memory(), stringify: "x" as never })).toThrow(
		"stringify: must be a function.",
	);
});

test("the compiler knows the data of each type", () => {
	type Strict = { greeting: { message: string }; count: number };
	const typed = new ServerSentEvents<Strict>({ connector: memory() });
	interface Named {
		greeting: { message: string };
	}
	const named = new ServerSentEvents<Named>({ connector: memory() });
	const withMessage = new ServerSentEvents<{ message: string }>({ connector: memory() });
	const inferred = new ServerSentEvents({
		connector: memory(),
		events: { greeting: greeting.zod },
	});
	const untyped = new ServerSentEvents({ connector: memory() });
	// Never called: only the compiler reads them.
	const calls = () => [
		typed.publish({ message: "x" }, { type: "greeting" }),
		typed.publish(1, { type: "count", channel: "a" }),
		// @ts-expect-error the wrong data for its type
		typed.publish({ message: 1 }, { type: "greeting" }),
		// @ts-expect-error no such type
		typed.publish({ message: "x" }, { type: "greetings" }),
		// @ts-expect-error events without a type have the type `message`, which is not declared
		typed.publish({ message: "x" }),
		named.publish({ message: "x" }, { type: "greeting" }),
		// @ts-expect-error the wrong data for its type
		named.publish({ message: 1 }, { type: "greeting" }),
		withMessage.publish("x"),
		withMessage.publish("x", { channel: "a" }),
		// @ts-expect-error the wrong data
		withMessage.publish(1),
		inferred.publish({ message: "x" }, { type: "greeting" }),
		// @ts-expect-error the wrong data for its schema
		inferred.publish({ message: 1 }, { type: "greeting" }),
		untyped.publish(1),
		untyped.publish("x", { type: "anything" }),
	];
	expect(calls).toBeTypeOf("function");
	const reading = async () => {
		for await (const message of typed.messages()) {
			if (message.type === "greeting")
				expectTypeOf(message.data).toEqualTypeOf<{ message: string }>();
			else if (message.type === "count") expectTypeOf(message.data).toEqualTypeOf<number>();
			else expectTypeOf(message.data).toEqualTypeOf<{ channel: string; lastEventId?: string }>();
		}
		for await (const message of untyped.messages()) expectTypeOf(message).toEqualTypeOf<Message>();
	};
	expect(reading).toBeTypeOf("function");
});
