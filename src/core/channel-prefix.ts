import type { Connector } from "./connector.ts";

/** The same connector, with a prefix before every channel's name at the broker. */
export function prefixed(connector: Connector, prefix: string): Connector {
	if (prefix === "") return connector;
	const { history, runs, stream, check, disconnect, publishAll, perStream } = connector;
	return {
		get name() {
			return connector.name;
		},
		scope: connector.scope,
		perStream,
		history: history && {
			read: (channel, ...rest) => history.read(prefix + channel, ...rest),
			head: (channel, ...rest) => history.head(prefix + channel, ...rest),
			...(history.forget && { forget: async (channel) => history.forget?.(prefix + channel) }),
		},
		runs: runs && {
			claim: (channel, claim) => runs.claim(prefix + channel, claim),
			append: (channel, append) => runs.append(prefix + channel, append),
			finish: (channel, finish) => runs.finish(prefix + channel, finish),
			status: (channel) => runs.status(prefix + channel),
			cancel: (channel, ...rest) => runs.cancel(prefix + channel, ...rest),
			delete: (channel, payload) => runs.delete(prefix + channel, payload),
		},
		publish: (channel, ...rest) => connector.publish(prefix + channel, ...rest),
		...(publishAll && {
			publishAll: (messages) =>
				publishAll.call(
					connector,
					messages.map((each) => ({ ...each, channel: prefix + each.channel })),
				),
		}),
		subscribe: (channel, handlers) => connector.subscribe(prefix + channel, handlers),
		...(stream && {
			stream: (channels, resume) =>
				stream.call(
					connector,
					channels.map((channel) => prefix + channel),
					{ ...resume, prefix },
				),
		}),
		...(disconnect && {
			disconnect: ({ channel, ...rest }) =>
				disconnect.call(connector, { ...rest, channel: channel && prefix + channel }),
		}),
		...(check && { check: () => check.call(connector) }),
		close: () => connector.close(),
	};
}
