/**
 * Declarations that the documents' snippets need, so that the documents stay plain Markdown. A snippet's own
 * names and imports go first. A name that is in neither place does not compile.
 */

/** Names that any document may use, because the text makes their origin plain. */
const everywhere = `
declare const app: import("hono").Hono<{ Bindings: object }>;
declare const sse: import("edge-sse").ServerSentEvents;
declare const connector: import("edge-sse").Connector;
declare const ServerSentEvents: typeof import("edge-sse").ServerSentEvents;
declare const redis: typeof import("edge-sse/redis").redis;
declare const upstash: typeof import("edge-sse/upstash").upstash;
`;

const environment = `
declare const process: { env: Record<string, string | undefined> };
`;

// As `wrangler types` would write it for the bindings in the documents' wrangler.toml.
const workers = `
interface DurableObjectId { toString(): string }
interface DurableObjectStub<T> { fetch: typeof fetch; readonly __type?: T }
interface DurableObjectNamespace<T> {
	idFromName(name: string): DurableObjectId;
	get(id: DurableObjectId, options?: { locationHint?: string }): DurableObjectStub<T>;
}
declare module "cloudflare:workers" {
	export const env: { SSE: DurableObjectNamespace<DurableObject> };
	export abstract class DurableObject<Env = unknown> {
		protected ctx: unknown;
		protected env: Env;
		constructor(ctx: unknown, env: Env);
		fetch?(request: Request): Response | Promise<Response>;
		alarm?(): void | Promise<void>;
	}
}
`;

const users = `
declare function userOf(request: Request): Promise<{ id: string }>;
declare function isStaff(request: Request): Promise<boolean>;
declare const jwtAuthorizer: typeof import("edge-sse/auth").jwtAuthorizer;
declare const signChannels: typeof import("edge-sse/auth").signChannels;
declare const secret: string;
`;

const errorClasses = ["SseError", "ConfigurationError", "ConnectorError", "ValidationError"]
	.map((name) => `declare const ${name}: typeof import("edge-sse").${name};\n`)
	.join("");

const runs = `
declare const runs: import("edge-sse/runs").Runs;
declare const Runs: typeof import("edge-sse/runs").Runs;
declare const RunError: typeof import("edge-sse/runs").RunError;
`;

const reader = `
declare const messages: import("edge-sse/testing").MessageReader;
`;

const perDocument: Record<string, string> = {
	"docs/client.md": `
		declare function freshToken(): Promise<string>;
		declare const EventClient: typeof import("edge-sse/client").EventClient;
		declare const events: import("edge-sse/client").EventClient<{ greeting: { message: string } }>;
	`,
	"docs/publishing.md": `
		declare const tokens: AsyncIterable<string>;
		declare const order: { id: number };
	`,
	"docs/reading.md": `
		declare function readCart(id: string): Promise<object>;
		declare const Message: typeof import("edge-sse").Message;
	`,
	"docs/presence.md": `
		declare function userOf(request: Request): Promise<{ id: string }>;
		declare const presence: import("edge-sse/presence").Presence;
		declare const Presence: typeof import("edge-sse/presence").Presence;
		declare function mayEnter(user: { id: string }, room: string): boolean;
	`,
	"docs/processes.md": `
		declare const process: { once(event: "message", listener: (message: { url: string; token: string }) => void): void };
		declare module "node:cluster" {
			const cluster: {
				isPrimary: boolean;
				schedulingPolicy: number;
				SCHED_NONE: number;
				fork(): { once(event: "online", listener: () => void): void; send(message: object): void };
				on(event: "exit", listener: () => void): void;
			};
			export default cluster;
		}
		declare module "node:crypto" {
			export function randomBytes(count: number): { toString(encoding: "hex"): string };
		}
		declare module "node:http" {
			interface Server {
				listen(port: number, host?: string, listener?: () => void): Server;
				address(): object | null;
			}
			export function createServer(handler: (...args: never[]) => unknown): Server;
		}
		declare module "node:os" {
			export function availableParallelism(): number;
		}
	`,
	"docs/relay.md": `
		declare const token: string;
		declare const secret: string;
	`,
	"docs/runs.md": `
		declare function answer(signal: AbortSignal): AsyncIterable<string>;
		declare const languageModel: import("ai").LanguageModel;
		declare const runs: import("edge-sse/runs").Runs;
		declare const model: import("@tanstack/ai").AnyTextAdapter;
	`,
	"README.md": `${workers}
		declare const signal: AbortSignal;
	`,
	"docs/access.md": environment + users,
	"docs/troubleshooting.md": `
		declare const express: {
			(): { use(handler: unknown): void };
			json(options: { verify: (request: object, response: object, bytes: Uint8Array) => void }): unknown;
		};
	`,
	"docs/connectors.md": `
		declare const url: string;
		declare const token: string;
		declare const memory: typeof import("edge-sse/memory").memory;
	`,
	"docs/hono.md": `${workers}
		declare const Hono: typeof import("hono").Hono;
		declare const cors: typeof import("hono/cors").cors;
		declare const stream: typeof import("edge-sse/hono").stream;
		declare const sseMiddleware: typeof import("edge-sse/hono").sseMiddleware;
		declare const durableObject: typeof import("edge-sse/durable-object").durableObject;
		declare const secret: string;
		declare function isStaff(context: import("hono").Context): Promise<boolean>;
		type Events = { greeting: { message: string } };
		declare function appWith(sse: import("edge-sse").ServerSentEvents<Events>): import("hono").Hono;
	`,
	"docs/history.md": `
		declare const redis: typeof import("edge-sse/redis").redis;
		declare const url: string;
	`,
	"docs/migrating.md": `
		declare const subscriber: {
			subscribe(channel: string, send: (text: string) => void): void;
			unsubscribe(channel: string, send: (text: string) => void): void;
		};
		declare const encoder: TextEncoder;
		declare const streamSSE: typeof import("hono/streaming").streamSSE;
		declare function nextMessageOf(room: string): Promise<string>;
		declare let id: number;
		declare const message: string;
		declare const room: string;
	`,
	"docs/operations.md": `
		declare const log: Record<"info" | "error", (line: object) => void>;
	`,
	"docs/reference.md": `
		declare const signal: AbortSignal;
		declare const input: { message: string };
		declare const z: typeof import("zod").z;
	`,
	"docs/testing.md": `
		declare function test(name: string, run: () => Promise<void>): void;
		declare const assert: {
			equal(actual: unknown, expected: unknown): void;
			deepEqual(actual: unknown, expected: unknown): void;
			rejects(promise: Promise<unknown>, error: object): Promise<void>;
		};
		declare module "node:test" {
			export function describe(name: string, run: () => void): void;
			export function test(name: string, run: () => Promise<void>): void;
			export function before(run: () => Promise<void>): void;
			export function after(run: () => Promise<void>): void;
		}
		declare const broker: import("edge-sse/testing").TestBroker;
		declare const messages: ReturnType<typeof import("edge-sse/testing").readMessages>;
		declare function mine(url: string, options?: { timeout: number }): import("edge-sse").Connector;
		declare function startBroker(): Promise<
			Record<"stop" | "kill" | "restart" | "pause" | "resume", () => Promise<void>> &
				Record<"url" | "urlWithAWrongPassword", string>
		>;
	`,
	"docs/workers.md": `${workers}
		declare const durableObject: typeof import("edge-sse/durable-object").durableObject;
		declare const env: { SSE: DurableObjectNamespace<import("cloudflare:workers").DurableObject> };
	`,
};

/** The declarations that one document's snippets are compiled with. */
export function givenTo(document: string): string {
	return everywhere + (perDocument[document] ?? "");
}

/** Declarations that the examples in the sources' comments need. */
const perSource: Record<string, string> = {
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

/** The declarations that the examples in a source file's comments are compiled with. */
export function givenToSource(file: string): string {
	const secret = file.startsWith("src/auth") ? "declare const secret: string;" : "";
	return everywhere + secret + (perSource[file] ?? "");
}

/** The names that are declared for a document and used by none of its snippets. */
export function unused(document: string, code: string): string[] {
	const declared = (perDocument[document] ?? "").matchAll(
		/^\t*declare (?:const|let|function) (\w+)/gm,
	);
	return [...declared].map(([, name = ""]) => name).filter((name) => !mentions(code, name));
}

export const documentsWithGiven: string[] = Object.keys(perDocument);

function mentions(code: string, name: string): boolean {
	return new RegExp(`\\b${name}\\b`).test(code);
}
