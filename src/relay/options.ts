/** The options of `relay()`. */
export interface RelayOptions {
	/** The secret that the hub above wants to see: its `SSE_RELAY_TOKEN`. */
	token: string;
	/**
	 * Whether the broker of the hub above keeps messages. This relay keeps none. When the option does not match that
	 * broker, subscriptions fail with a `ConnectorError` that says so.
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
