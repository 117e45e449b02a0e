/**
 * A variable of the hub. This table makes the command's options, its `env`, and the table of
 * docs/hub.md.
 */
export interface Variable {
	name: string;
	/** In words. Empty: none. */
	default: string;
	/** In Markdown, with links relative to docs/. */
	meaning: string;
	/**
	 * Whether it holds a secret. Then it is set by the environment or by a file, never by an
	 * argument.
	 */
	secret?: "always" | "with a password";
	/** true or false. */
	isFlag?: true;
	/** The command has an option for another name of the same. */
	hasNoOption?: true;
}
