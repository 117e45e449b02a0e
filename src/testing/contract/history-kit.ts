import type { Connector, History, KeptMessage } from "../../core/connector.ts";
import * as assert from "./assert.ts";

/** A payload like the core's: an object, because the id replaces its opening brace. */
export const payload = (data: unknown) => JSON.stringify({ data });

/** The payload that subscribers and readers receive. */
export const stored = (id: string | undefined, text: string) => `{"id":"${id}",${text.slice(1)}`;

/** Publishes one after another. Resolves to the ids. */
export async function publishAll(
	connector: Connector,
	channel: string,
	payloads: readonly string[],
) {
	const ids: string[] = [];
	for (const each of payloads) {
		const { id } = await connector.publish(channel, each);
		assert.ok(id !== undefined, "with history a publish resolves to an id");
		ids.push(id);
	}
	return ids;
}

export const numbered = (count: number) => Array.from({ length: count }, (_, n) => payload(n));

export const idsOf = (messages: readonly KeptMessage[]) =>
	messages.flatMap(({ id, payload: text }) => (text === undefined ? [] : id));

/** Whether the store still has everything after the position. */
export async function covers(
	history: History,
	channel: string,
	position: string,
): Promise<boolean> {
	return (await history.read(channel, position, 10)).covered;
}
