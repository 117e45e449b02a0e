import { type UntilOptions, until as untilSoon } from "../wait.ts";

/**
 * `until()` with patience for a busy machine. The runner of the contract gives each test a minute, so the name of what
 * did not come is told before that.
 */
export function until<T>(
	condition: () => T | Promise<T>,
	{ timeout = 20_000, ...options }: UntilOptions,
): Promise<NonNullable<T>> {
	return untilSoon(condition, { ...options, timeout });
}
