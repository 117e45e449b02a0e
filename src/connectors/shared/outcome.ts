import type { PublishOutcome, PublishResult } from "../../core/connector.ts";
import { ConnectorError } from "../../core/errors.ts";

/** The outcome of one of several publishes. A failed one does not stop the others. */
export async function outcomeOf(publishing: Promise<PublishResult>): Promise<PublishOutcome> {
	try {
		return await publishing;
	} catch (error) {
		if (error instanceof ConnectorError) return { error };
		throw error;
	}
}
