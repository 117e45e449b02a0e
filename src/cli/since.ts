import { formatNamed } from "../core/history/cursor.ts";
import { UsageError } from "./usage-error.ts";

const units: Readonly<Record<string, number>> = {
	s: 1_000,
	m: 60_000,
	h: 3_600_000,
	d: 86_400_000,
};

/**
 * Returns the cursor of a time in the past: `90s`, `10m`, `2h`, `1d`, or a date in ISO 8601.
 *
 * @throws {UsageError} for anything else, and for a time in the future.
 */
export function cursorSince(text: string, channels: readonly string[], now = Date.now()): string {
	const [, count = "", unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
	const time = unit === "" ? dateOf(text) : now - Number(count) * (units[unit] ?? 0);
	if (!(time > 0 && time <= now)) {
		throw new UsageError(
			"--since: must be a time in the past, such as 90s, 10m, 2h, 1d or 2026-01-31T12:00:00Z.",
		);
	}
	const position = `${Math.floor(time)}-0`;
	const names = [...new Set(channels)];
	return names.length < 2
		? position
		: formatNamed(
				names,
				names.map(() => position),
			);
}

function dateOf(text: string): number {
	return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
}
