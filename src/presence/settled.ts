import { within } from "../connectors/shared/timeout.ts";
import { SseError } from "../core/errors.ts";

/** How long a function of the program may take, in ms. The stream waits for it, and already holds its place. */
const patience = 5_000;

/**
 * The value that a function of the program returned, or that its promise resolves to.
 *
 * @throws {SseError} when the promise has not settled in time.
 */
export async function settled<T>(name: string, value: T): Promise<Awaited<T>> {
	if (typeof (value as { then?: unknown } | undefined)?.then !== "function") return await value;
	const late = () =>
		new SseError("unavailable", `Presence: ${name}: has not settled within ${patience} ms.`);
	return await within(Promise.resolve(value), patience, late);
}
