/** The options of `relay()`. */
export interface RelayOptions {
	/** What the hub above takes: its `SSE_RELAY_TOKEN`. */
	token: string;
	/**
	 * Whether the broker of the hub above keeps messages. It keeps them, and not this relay. When the two do not agree,
	 * subscriptions are refused in words.
	 *
	 * @defaultValue `false`
	 */
	history?: boolean | undefined;
	/**
	 * How long one answer of the hub above may take, in ms.
	 *
	 * @defaultValue `5_000`
	 */
	timeout?: number | undefined;
	/**
	 * Who may share a subscription; see `Connector`. Inside a Durable Object, where all requests share I/O, pass `process`.
	 *
	 * @defaultValue `request` on Cloudflare Workers, else `process`
	 */
	scope?: "process" | "request" | undefined;
}
