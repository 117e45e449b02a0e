/** One way to configure a proxy, and what `doctor` finds. */
export interface Configuration {
	/** The lines beside the minimum, as the table shows them. */
	lines: string;
	/** The configuration's own part, where it is not these lines. */
	written?: string;
	/** What is found besides the findings of all: `fault idle`. Empty: nothing is wrong. */
	finds: readonly string[];
}

export interface ProxySoftware {
	name: string;
	/** Starts one process that has all configurations, and returns where each listens, in their order. */
	start(configurations: readonly Configuration[], hub: URL): Promise<string[]>;
	configurations: readonly Configuration[];
}
