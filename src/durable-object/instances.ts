import type { Connector } from "../core/connector.ts";
import type { ServerSentEventsOptions } from "../core/options.ts";
import { ServerSentEvents } from "../core/sse.ts";
import { guestWatcher } from "./guest-watcher.ts";
import type { Members } from "./members.ts";
import type { Ending } from "./protocol.ts";

interface Instance {
	readonly connector: Connector;
	readonly prefix: string;
	readonly sse: ServerSentEvents;
}

/** What makes an object's own streams: one instance per history setting and prefix that Workers ask for. */
export class Instances {
	readonly #made: Instance[] = [];

	/**
	 * @param members the members behind the streams.
	 * @param options of the object's class. They count when an instance is made.
	 */
	of(
		connector: Connector,
		prefix: string,
		members: Members,
		options: Omit<ServerSentEventsOptions, "connector">,
	): ServerSentEvents {
		const found = this.#made.find((each) => each.connector === connector && each.prefix === prefix);
		if (found !== undefined) return found.sse;
		const channels = { ...options.channels, prefix };
		const sse = new ServerSentEvents({ ...options, channels, connector });
		sse.presenceHost().watch(guestWatcher(members));
		this.#made.push({ connector, prefix, sse });
		return sse;
	}

	/** @returns how many of them have streams, and heard it. */
	async disconnect(channel: string, ending: Ending): Promise<number> {
		const heard = this.#made.filter(({ sse }) => sse.stats().connections > 0);
		await Promise.all(
			heard.map(({ sse, prefix }) =>
				sse.disconnect({ ...ending, channel: channel.slice(prefix.length) }),
			),
		);
		return heard.length;
	}
}
