/**
 * Programs of consumers as texts. They import the package by its name, which only works where it is installed.
 */

// Right code must compile, and wrong code must not: an unused `@ts-expect-error` is an error.
export const consumer = `
import {
	ConfigurationError, type Connector, ConnectorError, type ErrorHandler, type ErrorStage,
	Message, type MessageJSON, type MessageOptions, type MessagesOptions, type PublishOptions,
	type PublishResult, ServerSentEvents, type ServerSentEventsOptions, SseError,
	type SseErrorCode, sse, type StreamOptions, type Subscription, type SubscriptionHandlers,
} from "edge-sse";
import { memory } from "edge-sse/memory";
import {
	type IoRedisClient, type NodeRedisClient, type NodeRedisOptions, redis, type RedisOptions,
	type RedisTarget,
} from "edge-sse/redis";
import {
	type Borrowed, type BrokerCall, type BrokerControl, type Capability, connectorContract,
	type ConnectorHarness, type HistoryControl, type MessageReader, readMessages,
	type ReceivedMessage, Recorder, type TestBroker, testBroker, type TestRunner, until,
	type UntilOptions, type WaitOptions,
} from "edge-sse/testing";
import { upstash, type UpstashOptions } from "edge-sse/upstash";

export { sse as default } from "edge-sse";

// The fetch handler, as hosts call it.
interface Worker<Env> {
	fetch(request: Request, env: Env, context: { waitUntil(promise: Promise<unknown>): void }): Promise<Response>;
}
export const worker: Worker<{ SSE_REDIS_URL: string }> = sse;
export const detached: (request: Request) => Promise<Response> = sse.fetch;

const onError: ErrorHandler = (error, { stage, channel }) => console.log(error, stage, channel);
export const mine: ServerSentEvents = new ServerSentEvents({ connector: memory(), keepAlive: 15_000, onError });
export const lazily = new ServerSentEvents({ connector: () => redis("redis://localhost", { timeout: 1_000 }) });

export const fromEnvironment: Connector = upstash();
export const rest: Connector = upstash({ url: "https://example.upstash.io", token: "t", timeout: 1 });
export const target: RedisTarget = { url: "redis://localhost", socket: { tls: true } };

export async function uses(request: Request, signal: AbortSignal): Promise<Response> {
	const { receivers, id }: PublishResult = await sse.publish({ message: "Hello!" }, { type: "greeting" });
	await sse.publish("text", { id: 7, retry: 0, channel: "users.social" });
	for await (const message of sse.messages("users.social", { signal })) {
		const data: unknown = message.data;
		console.log(data, message.type?.length, receivers + 1, id?.length);
	}
	await sse.close();
	return sse.stream(request, { channel: ["a", "b"] });
}

export function fails(error: unknown): SseErrorCode | undefined {
	if (error instanceof ConfigurationError) return error.code satisfies "configuration" | SseErrorCode;
	if (error instanceof ConnectorError || error instanceof SseError) return error.code;
	return undefined;
}

const json: MessageJSON = new Message([1, 2], { type: "t" }).toJSON();
export const text: string = String(new Message(json)) + new Message("a").equals(json);

// A user's own connector is an object of this shape.
export const custom: Connector = {
	name: "mine",
	scope: "process",
	publish: async (_channel: string, _payload: string): Promise<PublishResult> => ({ receivers: 0 }),
	subscribe: async (_channel: string, handlers: SubscriptionHandlers): Promise<Subscription> => {
		handlers.onMessage("{}");
		return { unsubscribe: async () => undefined };
	},
	close: async () => undefined,
};
export type Named = [
	ErrorStage, MessageOptions, MessagesOptions, PublishOptions, ServerSentEventsOptions,
	StreamOptions, IoRedisClient, NodeRedisClient, NodeRedisOptions, RedisOptions, RedisTarget,
	UpstashOptions,
];

// The kit for tests. A runner's describe and test have at least this shape.
declare const runner: {
	describe(name: string, options?: object | (() => void)): void;
	test(name: string, run?: (context: unknown) => void | Promise<void>): Promise<void>;
};
const broker: TestBroker = testBroker({ history: { maxLength: 9 } });
const harness: ConnectorHarness = { connect: () => broker.connect(), lacks: { borrow: "there is no client" } };
connectorContract("mine", harness, runner);
export async function tests(response: Response): Promise<void> {
	const messages: MessageReader = readMessages(response);
	const { type, data, lastEventId }: ReceivedMessage = await messages.nth(1, { timeout: 9 });
	for await (const message of messages) console.log(message.data, type, data, lastEventId);
	const recorder = new Recorder();
	await broker.connect().subscribe("a", recorder);
	await until(() => recorder.messages.length > 0, { what: "a message" });
	broker.fail("publish", new ConnectorError("refused", "No."));
	// @ts-expect-error no such call
	broker.fail("unsubscribe");
	// @ts-expect-error no such capability
	connectorContract("mine", { connect: () => memory(), lacks: { patience: "none" } }, runner);
}
export type Kit = [
	Borrowed, BrokerCall, BrokerControl, Capability, HistoryControl, TestRunner, UntilOptions, WaitOptions,
];

// @ts-expect-error a connector is needed
new ServerSentEvents({});
// @ts-expect-error a URL is no connector
new ServerSentEvents({ connector: "redis://localhost" });
// @ts-expect-error no such option
new ServerSentEvents({ connector: memory(), keepalive: 1 });
// @ts-expect-error the fields of a message are read-only
new Message("a").data = "b";
// @ts-expect-error no such field
new Message("a", { event: "greeting" });
// @ts-expect-error flask-sse's positional arguments became one object
sse.publish("a", "greeting");
// @ts-expect-error retry is a number
sse.publish("a", { retry: "1000" });
// @ts-expect-error a request is needed
sse.fetch("/stream");
// @ts-expect-error data is unknown
new Message("a").data.length;
// @ts-expect-error memory() takes nothing
memory("redis://localhost");
// @ts-expect-error a target is needed
redis();
// @ts-expect-error it is called url
upstash({ uri: "https://example.upstash.io" });
// @ts-expect-error an inner module
import { Hub } from "edge-sse/dist/hub.js";
`;
