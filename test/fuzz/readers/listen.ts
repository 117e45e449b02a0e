/** What a reader is to do, and what it reports. */
export interface Order {
	url: string;
	/** Types to listen for. */
	types: string[];
	/** The type of the stream's last event. */
	last: string;
	/** In ms; whatever came until then is reported. */
	timeout: number;
}

/**
 * Listens with the EventSource of wherever it runs: in a page, in Deno, in Node. It is sent there as text,
 * so that it refers to nothing outside of itself.
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
				// The source's own `open` and `error` have no data; a message of such a type has.
				if (!(event instanceof MessageEvent)) return;
				seen.push([event.type, event.data, event.lastEventId]);
				if (event.type === last) finish();
			});
		}
	});
}
