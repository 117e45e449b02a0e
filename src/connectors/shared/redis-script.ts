/** Arguments of a command. They are made when a connection is there for it; undefined: it is not wanted any more. */
export type Make = () => readonly string[] | undefined;

/**
 * Runs one command; rejects with a `ConnectorError`, whose cause is Redis' own.
 *
 * @param key the key or channel by which a Cluster finds the node.
 * @param ms how long a connection may take to come, in ms. Default: the connector's timeout.
 */
export type Run = (key: string, make: Make, ms?: number) => Promise<unknown>;

/** A script: sent whole, or called by its hash and sent when the server does not know it (any more). */
export class Script {
	readonly #text: string;
	readonly #run: Run;
	readonly #byHash: boolean;
	#hash: string | undefined;

	/**
	 * @param byHash calls it by its hash, which is shorter, and takes a second command the first time. Where each command
	 *   is billed it is sent whole.
	 */
	constructor(text: string, run: Run, byHash: boolean) {
		this.#text = text;
		this.#run = run;
		this.#byHash = byHash;
	}

	/** @param make what follows the script: the number of keys, the keys, the arguments. */
	async call(key: string, make: Make, ms?: number): Promise<unknown> {
		if (this.#byHash) {
			this.#hash ??= await sha1(this.#text);
			try {
				return await this.#run(key, command("EVALSHA", this.#hash, make), ms);
			} catch (error) {
				if (!isUnknownScript(error)) throw error;
			}
		}
		return this.#run(key, command("EVAL", this.#text, make), ms);
	}
}

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
