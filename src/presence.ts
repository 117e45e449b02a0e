/**
 * Presence: the members of channels, over all processes, with joins and leaves.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { Presence } from "edge-sse/presence";
 * import { redis } from "edge-sse/redis";
 *
 * const sse = new ServerSentEvents({ connector: redis("redis://localhost:6379") });
 * const presence = new Presence(sse, { id: (request) => request.headers.get("x-user") });
 * ```
 *
 * @module
 */
export type { Member } from "./presence/members.ts";
export type { MembersQuery, PresenceOptions } from "./presence/options.ts";
export { type Members, Presence, type PresenceBase } from "./presence/presence.ts";
