import type { View } from "../history/render.ts";

/**
 * @param names sorted.
 * @param pinged whether its streams are compressed and get pings, so that the pings are part of the shared bytes.
 */
export function feedKey(
	names: readonly string[],
	{ envelope, named, selection }: View,
	pinged: boolean,
): string {
	return JSON.stringify([envelope, named, pinged, selection.key, ...names]);
}
