import type { PublishOutcome, PublishResult } from "../../core/connector.ts";
import { ConnectorError } from "../../core/errors.ts";

/** What became of one of several publishes: one that failed keeps nothing from the others. */
export async function outcomeOf(publishing: Promise<PublishResult>): Promise<PublishOutcome> {
	try {
		return await publishing;
	} catch (error) {
		if (error instanceof ConnectorError) return { error };
		throw error;
	}
}
