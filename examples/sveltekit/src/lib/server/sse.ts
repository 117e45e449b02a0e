import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";

// One process needs no broker. For more, or for publishers elsewhere: redis() from "edge-sse/redis".
export const sse = new ServerSentEvents({ connector: memory() });
