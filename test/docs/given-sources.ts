import { errorClasses, reader, runs, workers } from "./given-shared.ts";

/** Declarations that the examples in the sources' comments need. */
export const perSource: Record<string, string> = {
	"src/core/publishing.ts": "declare const tokens: AsyncIterable<string>;",
	"src/core/errors.ts": errorClasses,
	"src/core/reading.ts": "declare function readCart(id: number): Promise<object>;",
	"src/runs/errors.ts": runs,
	"src/runs/ai-sdk.ts": `${runs}
		declare const aiSdkFormat: typeof import("edge-sse/runs").aiSdkFormat;
		declare const aiSdkChunks: typeof import("edge-sse/runs").aiSdkChunks;
		declare const id: string;
		declare const createUIMessageStreamResponse: typeof import("ai").createUIMessageStreamResponse;
		declare const stream: ReadableStream<import("ai").UIMessageChunk>;
	`,
	"src/runs/resumable-stream.ts": `${runs}
		declare const resumableStreams: typeof import("edge-sse/runs").resumableStreams;
	`,
	"src/runs/tanstack.ts": `${runs}
		declare const tanstackDurability: typeof import("edge-sse/runs").tanstackDurability;
		declare const chat: typeof import("@tanstack/ai").chat;
		declare const toServerSentEventsResponse: typeof import("@tanstack/ai").toServerSentEventsResponse;
		declare const model: import("@tanstack/ai").AnyTextAdapter;
		declare const messages: { role: "user"; content: string }[];
	`,
	"src/runs/assistant-stream.ts": `${runs}
		declare const assistantStreamStore: typeof import("edge-sse/runs").assistantStreamStore;
		declare const createResumableStreamContext: typeof import("assistant-stream/resumable").createResumableStreamContext;
	`,
	"src/runs/runs.ts": `${runs}
		declare const tokens: AsyncIterable<string>;
		declare const lease: string;
	`,
	"src/presence/presence.ts": `
		declare function userOf(request: Request): Promise<{ id: string }>;
		declare const Presence: typeof import("edge-sse/presence").Presence;
		declare const presence: import("edge-sse/presence").Presence;
	`,
	"src/relay.ts": "declare const token: string;",
	"src/relay/handler.ts": `
		declare const relayHandler: typeof import("edge-sse/relay").relayHandler;
		declare const authorize: (request: Request) => boolean;
		declare const secret: string;
	`,
	"src/core/message/message.ts": 'declare const Message: typeof import("edge-sse").Message;',
	"src/core/message/schema.ts": errorClasses,
	"src/core/history-contract.ts": "declare const url: string;",
	"src/durable-object.ts": workers,
	"src/durable-object/connector.ts": workers,
	"src/publish/targets.ts": workers,
	"src/client.ts": `
		declare const events: import("edge-sse/client").EventClient<{ greeting: { message: string } }>;
	`,
	"src/react.ts": `
		declare const events: import("edge-sse/client").EventClient<{ greeting: { message: string } }>;
		declare const useEvent: typeof import("edge-sse/react").useEvent;
		declare const useLatest: typeof import("edge-sse/react").useLatest;
		declare const useEventState: typeof import("edge-sse/react").useEventState;
		declare function add(id: string, text: string): void;
	`,
	"src/testing/messages.ts": reader,
	"src/testing/recorder.ts": `${errorClasses}
		declare const recorder: import("edge-sse/testing").Recorder;
	`,
	"src/testing/contract/contract.ts": `
		declare module "node:test" {
			export function describe(name: string, run: () => void): void;
			export function test(name: string, run: () => Promise<void>): void;
		}
		declare function mine(url: string): import("edge-sse").Connector;
		declare const broker: { url: string; kill(): Promise<void>; restart(): Promise<void> };
	`,
	"src/adapters/node.ts": `
		declare module "node:http" {
			export function createServer(
				handler: (
					incoming: import("edge-sse/node").NodeIncoming,
					outgoing: import("edge-sse/node").NodeOutgoing,
				) => void,
			): { listen(port: number): void };
		}
	`,
};
