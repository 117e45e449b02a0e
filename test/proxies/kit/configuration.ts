/** One way to configure a proxy, and what `doctor` says of it. */
export interface Configuration {
	/** What is written besides the least that it takes, as the table shows it. */
	lines: string;
	/** The configuration's own part, where it is not these lines. */
	written?: string;
	/** What is found besides what goes for all: `fault idle`. Empty: nothing is wrong. */
	finds: readonly string[];
}

export interface ProxySoftware {
	name: string;
	/** Starts one process that has all configurations, and returns where each listens, in their order. */
	start(configurations: readonly Configuration[], hub: URL): Promise<string[]>;
	configurations: readonly Configuration[];
}
