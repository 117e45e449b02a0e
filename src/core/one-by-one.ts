import type { Connector, PublishOutcome, PublishResult } from "./connector.ts";
import { ConnectorError, SseError } from "./errors.ts";
import type { PublishConnector } from "./publisher.ts";

/** A connector as publishing needs it. One without `publishAll` gets the messages of a call one by one. */
export function withPublishAll(
	connector: Pick<Connector, "scope" | "publish" | "publishAll" | "history">,
): PublishConnector {
	if (connector.publishAll !== undefined) return connector as PublishConnector;
	return {
		scope: connector.scope,
		history: connector.history,
		publish: (...args) => connector.publish(...args),
		// Makes all calls at once, so that no later publish gets between them: the connector keeps the
		// order of its calls.
		publishAll: (messages) =>
			Promise.all(
				messages.map(({ channel, payload, ...options }) =>
					outcomeOf(connector.publish(channel, payload, options)),
				),
			),
	};
}

async function outcomeOf(publishing: Promise<PublishResult>): Promise<PublishOutcome> {
	try {
		return await publishing;
	} catch (error) {
		if (error instanceof SseError) return { error };
		return {
			error: new ConnectorError("unavailable", "The connector failed.", { cause: error }),
		};
	}
}
