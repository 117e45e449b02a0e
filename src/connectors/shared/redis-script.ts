/**
 * Makes a command's arguments once there is a connection for it. Undefined: it is no longer
 * wanted.
 */
export type Make = () => readonly string[] | undefined;

/**
 * Runs one command. Rejects with a `ConnectorError`, whose cause is Redis' own error.
 *
 * @param key the key or channel by which a Cluster finds the node.
 * @param ms how long to wait for a connection, in ms; the connector's timeout by default.
 */
export type Run = (key: string, make: Make, ms?: number) => Promise<unknown>;

/**
 * Runs a script.
 *
 * @param make returns what follows the script: the number of keys, the keys, the arguments.
 */
export type Script = (key: string, make: Make, ms?: number) => Promise<unknown>;

/** How scripts reach the server. */
export type ScriptMaker = (text: string, run: Run) => Script;

/**
 * Sends the script's hash, which is short. Sends the whole script when the server does not know
 * it. https://redis.io/docs/latest/commands/evalsha/
 */
export const calledByHash: ScriptMaker = (text, run) => {
	let hash: string | undefined;
	return async (key, make, ms) => {
		hash ??= await sha1(text);
		try {
			return await run(key, command("EVALSHA", hash, make), ms);
		} catch (error) {
			if (!isUnknownScript(error)) throw error;
		}
		return run(key, command("EVAL", text, make), ms);
	};
};

/**
 * Sends the whole script each time: where each command is billed, a second one would cost more.
 */
export const sentWhole: ScriptMaker = (text, run) => (key, make, ms) =>
	run(key, command("EVAL", text, make), ms);

function command(name: string, script: string, make: Make): Make {
	return () => {
		const args = make();
		return args && [name, script, ...args];
	};
}

function isUnknownScript(error: unknown): boolean {
	const { cause } = error as { cause?: unknown };
	return cause instanceof Error && cause.message.startsWith("NOSCRIPT");
}

async function sha1(text: string): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
	return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
