import { readFileSync } from "node:fs";
import { ConfigurationError } from "../core/errors.ts";

/** How large a file with a secret may be, in bytes. A private key has 4 kB. */
const longest = 65_536;

/**
 * Reads a secret from a file, without the line break that editors add at its end.
 *
 * @param option the option that named the file, without its dashes.
 * @throws {ConfigurationError} that names the option and shows nothing of the file.
 */
export function readSecret(option: string, path: string): string {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		const { code = "an error" } = error as NodeJS.ErrnoException;
		throw new ConfigurationError(`--${option}: the file cannot be read (${code}).`);
	}
	const secret = text.replace(/\r?\n$/, "");
	if (secret.trim() === "") throw new ConfigurationError(`--${option}: the file is empty.`);
	if (secret.length > longest) {
		throw new ConfigurationError(`--${option}: the file has more than ${longest} bytes.`);
	}
	return secret;
}
