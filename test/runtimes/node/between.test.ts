import * as http from "node:http";
import express from "express";
import { describe, expect, test } from "vitest";
import { toNodeHandler } from "../../../src/adapters/node.ts";
import type { EventStream } from "../../support/event-stream.ts";
import { until } from "../../support/wait.ts";
import { instance, listen, pastTheResponse, socketWrites } from "./hosts.ts";
import { between, opened, type Response, replace } from "./interposer.ts";

/** Code between us and the socket, however it gets there, sees every byte from the moment it is in place. */

type Put = (response: Response, taken: Response["write"]) => Response | undefined;

/** Ways to intercept. The returned object replaces the response. */
const ways: Record<string, Put> = {
	"the response's own `write`": (response, taken) => {
		response.write = taken;
		return undefined;
	},
	"a getter of its own": (response, taken) => {
		Object.defineProperty(response, "write", { get: () => taken });
		return undefined;
	},
	"another prototype": (response, taken) => {
		const prototype = Object.create(Object.getPrototypeOf(response) as object) as Response;
		prototype.write = taken;
		Object.setPrototypeOf(response, prototype);
		return undefined;
	},
	"a prototype two below": (response, taken) => {
		const one = Object.create(Object.getPrototypeOf(response) as object) as Response;
		one.write = taken;
		Object.setPrototypeOf(response, Object.create(Object.create(one) as object) as object);
		return undefined;
	},
	"the class of all responses": (_, taken) => {
		replace(http.ServerResponse.prototype, "write", taken);
		return undefined;
	},
	"the class of all messages": (_, taken) => {
		replace(http.OutgoingMessage.prototype, "write", taken);
		return undefined;
	},
	"a proxy": (response, taken) => {
		const write: unknown = taken.bind(response);
		return new Proxy(response, {
			get: (target, name) => {
				const value: unknown = name === "write" ? write : Reflect.get(target, name);
				return typeof value === "function" ? (value.bind(target) as unknown) : value;
			},
			set: (target, name, value) => Reflect.set(target, name, value),
		});
	},
};

const text = (stream: EventStream): string => stream.text.toLowerCase();

/** Checks each: the client receives the whole stream, in the capitals that the interceptor makes. */
async function expectAll(stream: EventStream, seen: () => string, expected: string) {
	await stream.when(() => text(stream).includes(expected), expected);
	expect(stream.text).toBe(stream.text.toUpperCase());
	expect(seen()).toBe(text(stream));
}

describe.each(Object.entries(ways))("%s", (_, put) => {
	test.each(["node:http", "Express"])("gets every byte from the beginning, on %s", async (on) => {
		const { sse } = instance();
		const { taken, seen } = between();
		const stand = toNodeHandler(sse);
		const listener = (incoming: http.IncomingMessage, response: Response) =>
			stand(incoming, put(response, taken) ?? response);
		const stream = await opened(
			await listen(http.createServer(on === "Express" ? express().use(listener) : listener)),
		);
		await stream.when(() => stream.text !== "", "the opening comment");
		for (const event of ["one", "two"]) {
			await sse.publish(event);
			await expectAll(stream, seen, `data:${event}\n\n`);
		}
		expect(seen()).toBe(":\n\ndata:one\n\ndata:two\n\n");
	});
});

// A replacement of the response is passed on by its author, and so is in place from the beginning.
const later = Object.entries(ways).filter(([way]) => way !== "a proxy");
test.each(later)(
	"%s, put in place while the stream is open, gets every byte from then on",
	async (_, put) => {
		const { sse } = instance();
		const { taken, seen } = between();
		const responses: Response[] = [];
		const handler = toNodeHandler(sse);
		const server = http.createServer((incoming, response) => {
			responses.push(response);
			handler(incoming, response);
		});
		const writes = socketWrites(server);
		const stream = await opened(await listen(server));
		await sse.publish("before");
		await stream.event();
		// The stream was not intercepted until now.
		expect(pastTheResponse(writes)).toBe(1);
		const [response] = responses;
		if (response !== undefined) put(response, taken);
		for (const event of ["one", "two", "three"])
			await sse.publish(event).then(() => stream.when(() => text(stream).includes(event), event));
		expect(seen()).toBe("data:one\n\ndata:two\n\ndata:three\n\n");
		expect(stream.text).toBe(`:\n\ndata:before\n\n${seen().toUpperCase()}`);
		await sse.close();
		await stream.end();
		expect(stream.state).toBe("ended");
		expect(seen()).toMatch(/three\n\nretry:\d+\n\n$/);
	},
);

test.each(["_send", "_writeRaw"])(
	"a response whose inner `%s` is replaced has every byte pass it",
	async (name) => {
		const { sse } = instance();
		let seen = "";
		const handler = toNodeHandler(sse);
		const stream = await opened(
			await listen(
				http.createServer((incoming, response) => {
					const own = Reflect.get(response, name) as (data: unknown, ...rest: unknown[]) => unknown;
					Reflect.set(
						response,
						name,
						function (this: unknown, data: string | Buffer, ...rest: unknown[]) {
							seen += Buffer.from(data as string).toString();
							return own.call(this, data, ...rest);
						},
					);
					handler(incoming, response);
				}),
			),
		);
		await sse.publish("one");
		await stream.event();
		expect(seen).toContain("data:one\n\n");
	},
);

test("a user's own response class gets every byte, where it overrides writing", async () => {
	const { sse } = instance();
	const { taken, seen } = between();
	class Own<R extends http.IncomingMessage> extends http.ServerResponse<R> {
		override write = taken;
	}
	class Inherited<R extends http.IncomingMessage> extends http.ServerResponse<R> {}
	Inherited.prototype.write = taken;
	for (const ServerResponse of [Own, Inherited]) {
		const before = seen().length;
		const server = http.createServer({ ServerResponse }, toNodeHandler(sse));
		const stream = await opened(await listen(server));
		await stream.when(() => stream.text !== "", "the opening comment");
		await sse.publish("one");
		await expectAll(stream, () => seen().slice(before), "data:one\n\n");
		stream.close();
		await until(() => sse.stats().connections === 0, { what: "no connections" });
	}
});

test("a class that overrides nothing on the write path keeps the fast path", async () => {
	const { sse } = instance();
	class Own<R extends http.IncomingMessage> extends http.ServerResponse<R> {
		greet = (): string => "hello";
	}
	const server = http.createServer({ ServerResponse: Own }, toNodeHandler(sse));
	const writes = socketWrites(server);
	const stream = await opened(await listen(server));
	await sse.publish("one");
	await stream.event();
	expect(pastTheResponse(writes)).toBe(1);
});

test("Express' own `app.response.write` gets every byte", async () => {
	const { sse } = instance();
	const { taken, seen } = between();
	const app = express();
	app.response.write = taken;
	app.use("/stream", toNodeHandler(sse));
	const stream = await opened(await listen(http.createServer(app), "/stream"));
	await stream.when(() => stream.text !== "", "the opening comment");
	await sse.publish("one");
	await expectAll(stream, seen, "data:one\n\n");
});
