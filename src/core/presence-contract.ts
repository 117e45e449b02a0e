/**
 * What a connector offers to `edge-sse/presence`. `process`: all its streams are in this process. `redis`: it runs
 * commands. `none`: it cannot, and why.
 */
export type PresenceBasis =
	| { readonly kind: "process" }
	| { readonly kind: "none"; readonly why: string }
	| {
			readonly kind: "redis";
			/** Runs a command whose keys are all in the slot of the first. */
			run(key: string, make: () => readonly string[] | undefined): Promise<unknown>;
			/** Whether a script is sent whole each time, because each command is billed. */
			readonly sendsWhole: boolean;
			/** What keys begin with. */
			readonly keyPrefix: string;
	  };
