import { writeFileSync } from "node:fs";
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { readArguments, refuseMore } from "../arguments.ts";
import type { Command } from "../command.ts";
import { note } from "../output.ts";
import { UsageError } from "../usage-error.ts";

const algorithms = ["ES256", "ES384", "ES512", "EdDSA", "RS256", "PS256"];

export const keys: Command = {
	usage: "token keys --private-key-file <file> --jwks-file <file> [options]",
	summary: "Makes a pair of keys: a private one to sign with, and its public half as a set of keys",
	text: [
		"Publish the set of keys, and name its address in SSE_JWKS_URL. Only you can read the private key's file; a file that " +
			"is there is not written to.",
	],
	options: {
		"private-key-file": { value: "<file>", help: "Where the private key goes, as a JWK" },
		"jwks-file": { value: "<file>", help: "Where the set of public keys goes" },
		algorithm: { value: "<name>", help: `${algorithms.join(", ")} (ES256)` },
	},
	async run(args) {
		const { value, positionals } = readArguments(args, keys.options);
		refuseMore(positionals, 0, `edge-sse ${keys.usage}`);
		const algorithm = value("algorithm") ?? "ES256";
		if (!algorithms.includes(algorithm)) {
			throw new UsageError(`--algorithm: must be one of ${algorithms.join(", ")}.`);
		}
		const [privateFile, publicFile] = [value("private-key-file"), value("jwks-file")];
		if (privateFile === undefined || publicFile === undefined) {
			throw new UsageError(`Both files are needed. Usage: edge-sse ${keys.usage}`);
		}
		const pair = await generateKeyPair(algorithm, { extractable: true });
		const publicKey = await exportJWK(pair.publicKey);
		const about = { kid: await calculateJwkThumbprint(publicKey), alg: algorithm, use: "sig" };
		const privateKey = { ...(await exportJWK(pair.privateKey)), ...about };
		write("private-key-file", privateFile, privateKey, 0o600);
		write("jwks-file", publicFile, { keys: [{ ...publicKey, ...about }] }, 0o644);
		note(`made the key ${about.kid}`);
	},
};

function write(option: string, path: string, value: object, mode: number): void {
	try {
		writeFileSync(path, `${JSON.stringify(value, null, "\t")}\n`, { mode, flag: "wx" });
	} catch (error) {
		const { code = "an error" } = error as NodeJS.ErrnoException;
		const reason = code === "EEXIST" ? "there is a file already" : `it cannot be written (${code})`;
		throw new Error(`--${option}: ${reason}.`);
	}
}
