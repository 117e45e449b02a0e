import type { JWK } from "jose";
import { type SignChannelsOptions, signChannels } from "../../auth/sign.ts";
import { ConfigurationError } from "../../core/errors.ts";
import { type Arguments, readArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { writeLine } from "../output.ts";
import { readSecret } from "../secret.ts";
import { agreed, agreedValue, duration, parsedJson, refusedKeys, secretOf } from "./options.ts";

export const make: Command = {
	usage: "token make [channel ...] [options]",
	summary: "Makes a token to read channels with, and to publish to those after --publish",
	text: [
		"It is signed with SSE_JWT_SECRET, a secret from a file, or a private key from a file, and printed.",
	],
	options: {
		publish: {
			value: "<name>",
			isList: true,
			help: "A channel to publish to; may be given several times",
		},
		disconnect: {
			value: "<name>",
			isList: true,
			help: "A channel whose streams to end; may be given several times",
		},
		members: {
			value: "<name>",
			isList: true,
			help: "A channel whose members to see; may be given several times",
		},
		expires: { value: "<time>", help: "How long it is good: 90s, 15m, 12h or 30d (5m)" },
		subject: { value: "<text>", help: "Whom it is for, the token's sub" },
		"private-key-file": { value: "<file>", help: "A private key, PEM (PKCS#8) or JWK" },
		"key-id": { value: "<text>", help: "The token's kid (that of the JWK)" },
		...agreed,
	},
	async run(args) {
		const given = readArguments(args, make.options, refusedKeys);
		const options = { ...keyOf(given), ...rightsOf(given), ...claimsOf(given) };
		await writeLine(await signChannels(given.positionals, options));
	},
};

function rightsOf(
	given: Arguments,
): Pick<SignChannelsOptions, "publish" | "disconnect" | "members"> {
	return {
		publish: given.values("publish"),
		disconnect: given.values("disconnect"),
		members: given.values("members"),
	};
}

function claimsOf(given: Arguments): Omit<SignChannelsOptions, "secret" | "privateKey"> {
	const claim = agreedValue(given, "claim");
	return {
		...(claim !== undefined && { claim }),
		issuer: agreedValue(given, "issuer"),
		audience: agreedValue(given, "audience"),
		subject: given.value("subject"),
		expiresIn: duration("expires", given.value("expires") ?? "5m"),
	};
}

function keyOf(given: Arguments): Pick<SignChannelsOptions, "secret" | "privateKey" | "keyId"> {
	const file = given.value("private-key-file");
	const keyId = given.value("key-id");
	if (file === undefined) {
		const secret = secretOf(given);
		if (secret !== undefined) return { secret, keyId };
		throw new ConfigurationError(
			"There is no key to sign with. Set SSE_JWT_SECRET, or name a file: --secret-file or --private-key-file.",
		);
	}
	if (given.has("secret-file")) {
		throw new ConfigurationError(
			"--secret-file and --private-key-file: give one of them, not both.",
		);
	}
	const text = readSecret("private-key-file", file);
	if (text.trimStart().startsWith("-----BEGIN")) return { privateKey: text, keyId };
	const privateKey: JWK = parsedJson("private-key-file", text);
	return { privateKey, keyId: keyId ?? privateKey.kid };
}
