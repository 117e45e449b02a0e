import { RestError } from "./rest.ts";

/** The first attempt follows within this time, in ms. Each further one waits up to twice as long. */
const firstBackoff = 100;

/** The longest time that is respected, in ms: a broker may be back early. */
const longest = 3_600_000;

/**
 * How long to wait after consecutive failures, in ms: what the broker wants, and a random time.
 *
 * @param failures how many came before, 0 for none.
 */
export function pauseAfter(error: unknown, failures: number, maxBackoff: number): number {
	return retryAfterOf(error) + Math.random() * Math.min(maxBackoff, firstBackoff * 2 ** failures);
}

/**
 * How long a broker wants no requests after an error, in ms; 0 where it does not say.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after seconds, or a date
 */
function retryAfterOf(error: unknown): number {
	const header = error instanceof RestError ? error.retryAfter : null;
	if (header === null) return 0;
	const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
	return Math.min(Math.max(wait || 0, 0), longest);
}
