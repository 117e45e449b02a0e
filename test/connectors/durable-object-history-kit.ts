import type { Connector } from "../../src/core/connector.ts";

let channels = 0;
/** A channel that no other test of the file uses. */
export const fresh = () => `channel ${++channels}`;
export const payload = (data: unknown) => JSON.stringify({ data });

/** Publishes one after the other, and resolves to the ids. */
export async function publishAll(connector: Connector, channel: string, ...data: unknown[]) {
	const ids: string[] = [];
	for (const each of data) ids.push((await connector.publish(channel, payload(each))).id ?? "");
	return ids;
}
