import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";

// A save runs this module again. The instance stays where it is, and so do its streams.
const kept = globalThis as { events?: ServerSentEvents };
kept.events ??= new ServerSentEvents({ connector: memory({ history: {} }) });
export const events: ServerSentEvents = kept.events;
