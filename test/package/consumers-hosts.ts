/** Programs of consumers that need a host or another package, as texts. See consumers.ts. */

/** A server on Node with tokens, and its page. Each has structures of its own in place of Node's types. */
export const serverAndPage = `
import { EventClient, type ClientState, type EventOf, type Gap } from "edge-sse/client";
import { type NodeIncoming, type NodeOutgoing, toNodeHandler } from "edge-sse/node";
import { sse } from "edge-sse";

interface Incoming extends NodeIncoming { params: { room: string } }
export const whole: (incoming: NodeIncoming, outgoing: NodeOutgoing) => void = toNodeHandler(sse);
export const route = toNodeHandler((request, host: { incoming: Incoming; outgoing: NodeOutgoing }) =>
	sse.stream(request, { channel: host.incoming.params.room, host }));

interface Events { greeting: { message: string }; count: number }
const events = new EventClient<Events>("/stream", { watchdog: 30_000, share: "mine" });
export const stop: () => void = events.on("greeting", ({ message }) => message.toUpperCase());
events.on("sse.gap", ({ channel }: Gap) => channel);
export const state: ClientState = events.state;
export async function loop(): Promise<EventOf<Events, "greeting" | "count"> | undefined> {
	for await (const event of events.events("greeting", "count")) {
		if (event.type === "count") event.data.toFixed();
		else event.data.message.toUpperCase();
		return event;
	}
	return undefined;
}
new EventClient(async () => new URL("https://example.com"), { parse: (text, type) => text + type });

// @ts-expect-error no such type of event
events.on("greetings", () => undefined);
// @ts-expect-error the data is an object
events.on("greeting", (text: string) => text);
// @ts-expect-error no such option
new EventClient("/stream", { withCredential: true });
// @ts-expect-error a handler is needed
toNodeHandler();
// @ts-expect-error a URL is no handler
toNodeHandler("/stream");
`;

/** Tokens. Their types include those of jose. */
export const tokens = `
import { ServerSentEvents } from "edge-sse";
import { type AuthorizePublish, jwtAuthorizer, jwtPublishAuthorizer, signChannels } from "edge-sse/auth";
import { memory } from "edge-sse/memory";

const secret = new Uint8Array(32);
const authorize = jwtAuthorizer({ secret, query: "token", anonymous: ["news"], audience: "a" });
export const sse = new ServerSentEvents({ connector: memory(), authorize });
export const mayPublish: AuthorizePublish = jwtPublishAuthorizer({ jwksUrl: "https://example.com/keys" });
export const token: Promise<string> = signChannels(["news"], { secret, expiresIn: 60_000 });

// @ts-expect-error no such option
jwtAuthorizer({ secret, expiry: false });
// @ts-expect-error it is called expiresIn
signChannels("news", { secret, expires: 60_000 });
// @ts-expect-error publishers read no cookie
jwtPublishAuthorizer({ secret, cookie: "sse" });
`;

/** A Worker with Durable Objects. The host's module is declared as `wrangler types` declares it. */
export const worker = `
import { ServerSentEvents } from "edge-sse";
import {
	type ChannelNamespace, type ChannelStub, durableObject, type DurableObjectOptions, SseChannel,
} from "edge-sse/durable-object";

export { SseChannel };
export class Quick extends SseChannel<Env> {
	protected override readonly options = { keepAlive: 5_000 };
}
interface Env {
	SSE: DurableObjectNamespace<SseChannel>;
}
export default {
	fetch(request: Request, env: Env): Promise<Response> {
		const sse = new ServerSentEvents({ connector: durableObject(env.SSE, { timeout: 1_000 }) });
		return sse.fetch(request);
	},
};
export type Named = [ChannelNamespace, ChannelStub, DurableObjectOptions];

// @ts-expect-error the binding is needed
durableObject();
// @ts-expect-error a binding is more than a name
durableObject("SSE");
`;

export const workersTypes = `
interface DurableObjectId { toString(): string; equals(other: DurableObjectId): boolean }
interface DurableObjectStub<T> { readonly id: DurableObjectId; fetch: typeof fetch; readonly __type?: T }
interface DurableObjectNamespace<T> {
	idFromName(name: string): DurableObjectId;
	get(id: DurableObjectId, options?: { locationHint?: string }): DurableObjectStub<T>;
}
interface DurableObjectState { waitUntil(promise: Promise<unknown>): void; readonly id: DurableObjectId }
declare module "cloudflare:workers" {
	export abstract class DurableObject<Env = unknown> {
		protected ctx: DurableObjectState;
		protected env: Env;
		constructor(ctx: DurableObjectState, env: Env);
		fetch?(request: Request): Response | Promise<Response>;
		alarm?(): void | Promise<void>;
		webSocketMessage?(ws: WebSocket, message: string | ArrayBuffer): void | Promise<void>;
		webSocketClose?(ws: WebSocket, code: number, reason: string, wasClean: boolean): void | Promise<void>;
		webSocketError?(ws: WebSocket, error: unknown): void | Promise<void>;
	}
}
`;

/** An app of Hono, which the consumer has installed. */
export const honoApp = `
import { Hono } from "hono";
import { ServerSentEvents, sse } from "edge-sse";
import { type HonoStreamOptions, type SseVariables, sseMiddleware, stream, type Streaming } from "edge-sse/hono";
import { memory } from "edge-sse/memory";

type Events = { greeting: { message: string } };
const typed = new ServerSentEvents<Events>({ connector: memory() });
const app = new Hono<{ Variables: SseVariables<Events> }>();
app.use(sseMiddleware(typed));
app.get("/stream", stream());
app.get("/ready-made", stream(sse));
app.get("/rooms/:room", stream(typed, { channel: (c) => c.req.param("room"), recent: 1 }));
app.post("/hello", async (c) => {
	await c.var.sse.publish({ message: "Hello!" }, { type: "greeting" });
	// @ts-expect-error the wrong data for its type
	await c.var.sse.publish({ message: 1 }, { type: "greeting" });
	return c.text("Message sent!");
});
export default app;
export type Named = [HonoStreamOptions, Streaming];
// @ts-expect-error no such option
stream(sse, { channels: "a" });
`;
