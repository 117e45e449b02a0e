/**
 * A variable of the hub. The command's options, the output of `edge-sse env` and the table of docs/hub.md are made from
 * these.
 */
export interface Variable {
	name: string;
	/** The default in words. Empty: none. */
	default: string;
	/** What it sets, in Markdown, with links relative to docs/. */
	meaning: string;
	/**
	 * Whether it holds a secret. A secret is set by the environment or by a file, never by an argument, which other users
	 * of the machine can read.
	 */
	secret?: "always" | "with a password";
	/** Its value is true or false. */
	isFlag?: true;
	/** The command has no option for it, but for another variable that sets the same. */
	hasNoOption?: true;
}
