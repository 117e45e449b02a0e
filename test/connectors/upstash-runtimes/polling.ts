import { polling, upstash } from "../../../src/connectors/upstash.ts";

/** For every runtime, where streams are refused: what a subscription brings, and why it polls. */
export async function polled(url: string, token: string, channel: string) {
	const connector = upstash({
		...{ url, token, timeout: 20_000, history: {} },
		fallback: polling({ interval: 10, maxInterval: 10 }),
	});
	const seen: unknown[] = [];
	let why = "";
	const all = Promise.withResolvers<void>();
	await connector.subscribe(channel, {
		onMessage: (payload) => {
			seen.push(JSON.parse(payload).data);
			if (seen.length === 3) all.resolve();
		},
		onLost: (error) => all.reject(error),
		onRestored: () => undefined,
		onDegraded: ({ message }) => {
			why = message;
		},
		onEnd: (error) => all.reject(error),
	});
	for (const data of [1, 2, 3]) await connector.publish(channel, JSON.stringify({ data }));
	await all.promise;
	// `close()` ends the subscription, which nobody awaits any more.
	await connector.close();
	return { seen, why };
}
