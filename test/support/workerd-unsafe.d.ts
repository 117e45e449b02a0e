/** What workerd offers to tests, with the flag `unsafe_module` and the argument `--experimental`. */
declare module "workerd:unsafe" {
	const unsafe: {
		/** Takes an object out of memory. Its sockets stay with `hibernate`. Waits until it is idle. */
		evict(stub: unknown, options: { webSockets: "close" | "hibernate" }): Promise<void>;
	};
	export default unsafe;
}
