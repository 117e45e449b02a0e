import { environment, users, workers } from "./given-shared.ts";

/** Declarations for the snippets of each document. */
export const perDocument: Record<string, string> = {
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
