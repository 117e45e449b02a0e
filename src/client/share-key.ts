import { streamUrl } from "./host.ts";
import type { ShareKey, SourceOptions } from "./source.ts";

/**
 * Names the tabs that share one stream: everything that makes streams differ. No name: this one has
 * its own.
 */
export function shareKey({ url, custom, withCredentials, share }: SourceOptions): ShareKey {
	// Functions and headers cannot be compared. Without an origin, as in Node, no tabs share.
	const isOwn = custom || typeof url === "function" || !globalThis.location;
	const name = share === true ? !isOwn && `${streamUrl(url)} ${withCredentials}` : share;
	// An insecure context has no locks. Another tab may run another version of this file.
	const can = globalThis.navigator?.locks && globalThis.BroadcastChannel && name;
	return (can && `edge-sse/2 ${name}`) as ShareKey;
}
