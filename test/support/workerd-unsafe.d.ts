/** What workerd offers to tests, with the flag `unsafe_module` and the argument `--experimental`. */
declare module "workerd:unsafe" {
	const unsafe: {
		/** Evicts an object from memory. Its sockets stay with `hibernate`. Waits until it is idle. */
		evict(stub: unknown, options: { webSockets: "close" | "hibernate" }): Promise<void>;
	};
	export default unsafe;
}
