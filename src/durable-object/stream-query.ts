import type { Resume } from "../core/connector.ts";
import { live } from "../core/history/cursor.ts";
import { controlQuery, envelopeQuery } from "../core/request/request.ts";
import { unknownPosition } from "./protocol.ts";

/**
 * What the object must know about the stream. It gets the cursor as it was parsed, not as the
 * client sent it.
 */
export function streamQuery(
	{ lastEventId, recent, expires, control, envelope, types, prefix = "" }: Resume,
	position: string | undefined,
): Record<string, string> {
	const query: Record<string, string> = {};
	if (position !== undefined) {
		if (position !== live) query.lastEventId = position;
	} else if (lastEventId !== undefined) query.lastEventId = unknownPosition;
	else if (recent > 0) query.recent = String(recent);
	if (expires !== Number.POSITIVE_INFINITY) query.expires = String(expires);
	if (prefix !== "") query.prefix = prefix;
	if (control) query[controlQuery[0]] = controlQuery[1];
	if (types !== undefined) query.types = JSON.stringify(types);
	if (envelope) query[envelopeQuery[0]] = envelopeQuery[1];
	return query;
}
