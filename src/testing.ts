/**
 * For tests of your own: a broker that fails when told to, a reader of event streams, a check of any endpoint, and
 * the tests that every connector must pass.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { readMessages, testBroker } from "edge-sse/testing";
 *
 * const sse = new ServerSentEvents({ connector: testBroker().connect() });
 * const messages = readMessages(await sse.fetch(new Request("http://localhost/")));
 * await sse.publish("Hello!");
 * const { data } = await messages.nth(1); // "Hello!"
 * await sse.close();
 * ```
 *
 * @module
 */

export { checkEventStream } from "./doctor/check-event-stream.ts";
export type { CheckName, Finding, FindingLevel, Paste } from "./doctor/finding.ts";
export type { StreamCheckOptions } from "./doctor/options.ts";
export { type BrokerCall, type TestBroker, testBroker } from "./testing/broker.ts";
export { connectorContract, type TestRunner } from "./testing/contract/contract.ts";
export type {
	Borrowed,
	BrokerControl,
	Capability,
	ConnectorHarness,
	HistoryControl,
} from "./testing/contract/harness.ts";
export {
	type MessageReader,
	type ReceivedMessage,
	readMessages,
	type WaitOptions,
} from "./testing/messages.ts";
export { Recorder } from "./testing/recorder.ts";
export { type UntilOptions, until } from "./testing/wait.ts";
