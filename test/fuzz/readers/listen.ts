/** What a reader is to do. */
export interface Order {
	url: string;
	types: string[];
	/** The type of the stream's last event. */
	last: string;
	/** In ms. Whatever came until then is reported. */
	timeout: number;
}

/**
 * Listens with the EventSource of its host: a page, Deno or Node. It is sent there as text, so it refers to
 * nothing outside of itself.
 *
 * @returns JSON of the events' types, data and last event IDs.
 */
export function listen({ url, types, last, timeout }: Order): Promise<string> {
	return new Promise((resolve) => {
		const seen: string[][] = [];
		const source = new EventSource(url);
		const finish = () => {
			clearTimeout(timer);
			source.close();
			resolve(JSON.stringify(seen));
		};
		const timer = setTimeout(finish, timeout);
		for (const type of types) {
			source.addEventListener(type, (event) => {
				// The source's own `open` and `error` events have no data. Messages of these types have.
				if (!(event instanceof MessageEvent)) return;
				seen.push([event.type, event.data, event.lastEventId]);
				if (event.type === last) finish();
			});
		}
	});
}
