import { cursors, positions } from "./properties/cursor.ts";
import { foreign, roundTrip } from "./properties/envelope.ts";
import { frames, otherStreams, refusals } from "./properties/frame.ts";
import type { Property } from "./properties/property.ts";
import { names, urls } from "./properties/request.ts";

export const properties: readonly Property[] = [
	frames,
	otherStreams,
	refusals,
	roundTrip,
	foreign,
	names,
	urls,
	positions,
	cursors,
];
