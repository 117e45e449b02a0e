/** Declarations that several documents or sources need. */

/** Names that any document may use, because the text makes their origin plain. */
export const everywhere: string = `
declare const app: import("hono").Hono<{ Bindings: object }>;
declare const sse: import("edge-sse").ServerSentEvents;
declare const connector: import("edge-sse").Connector;
declare const ServerSentEvents: typeof import("edge-sse").ServerSentEvents;
declare const redis: typeof import("edge-sse/redis").redis;
declare const upstash: typeof import("edge-sse/upstash").upstash;
`;

export const environment = `
declare const process: { env: Record<string, string | undefined> };
`;

// As `wrangler types` would write it for the bindings in the documents' wrangler.toml.
export const workers = `
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

export const users = `
declare function userOf(request: Request): Promise<{ id: string }>;
declare function isStaff(request: Request): Promise<boolean>;
declare const jwtAuthorizer: typeof import("edge-sse/auth").jwtAuthorizer;
declare const signChannels: typeof import("edge-sse/auth").signChannels;
declare const secret: string;
`;

export const errorClasses = ["SseError", "ConfigurationError", "ConnectorError", "ValidationError"]
	.map((name) => `declare const ${name}: typeof import("edge-sse").${name};\n`)
	.join("");

export const runs = `
declare const runs: import("edge-sse/runs").Runs;
declare const Runs: typeof import("edge-sse/runs").Runs;
declare const RunError: typeof import("edge-sse/runs").RunError;
`;

export const reader = `
declare const messages: import("edge-sse/testing").MessageReader;
`;
