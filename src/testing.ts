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
