import { decodeJwt, decodeProtectedHeader, type JSONWebKeySet, type JWTPayload } from "jose";
import { rightsOf } from "../../auth/claim.ts";
import type { KeySource } from "../../auth/keys.ts";
import { maxTokenLength } from "../../auth/token.ts";
import { tokenCheck } from "../../auth/verify.ts";
import { type Arguments, readArguments, refuseMore } from "../arguments.ts";
import type { Command } from "../command.ts";
import { inputLines } from "../input.ts";
import { readSecret } from "../secret.ts";
import { columns, printable } from "../text.ts";
import { agreed, agreedValue, parsedJson, refusedKeys, secretOf } from "./options.ts";

export const read: Command = {
	usage: "token read [options]",
	summary: "Says what a token allows, and until when, and whether its signature is right",
	text: [
		"The token comes from standard input or from a file. It is checked where there is a key to check it with, and the command ends with 1 where a hub would refuse it.",
	],
	options: {
		"token-file": { value: "<file>", help: "The token, read from a file" },
		"jwks-file": { value: "<file>", help: "Public keys, as `token keys` writes them" },
		"jwks-url": { value: "<url>", help: "Where public keys are published (SSE_JWKS_URL)" },
		...agreed,
	},
	async run(args) {
		const given = readArguments(args, read.options, refusedKeys);
		refuseMore(given.positionals, 0, `edge-sse ${read.usage}`);
		const file = given.value("token-file");
		const token = (file === undefined ? await firstLine() : readSecret("token-file", file)).trim();
		const claim = agreedValue(given, "claim") ?? "channels";
		const [header, payload] = decoded(token);
		const verdict = await checked(token, claim, given);
		console.log(columns([...rows(header, payload, claim), ["signature", verdict.text]]));
		if (!verdict.isGood) process.exitCode = 1;
	},
};

async function firstLine(): Promise<string> {
	for await (const line of inputLines()) return line;
	return "";
}

function decoded(token: string): [header: { alg?: unknown; kid?: unknown }, payload: JWTPayload] {
	try {
		if (token.length <= maxTokenLength) return [decodeProtectedHeader(token), decodeJwt(token)];
	} catch {
		// The error's own text adds nothing.
	}
	throw new Error(
		"That is not a token. A token has three parts with dots between them, and the first two are JSON.",
	);
}

/** Describes the token's claims. Any text in them may come from a stranger. */
function rows(header: { alg?: unknown; kid?: unknown }, payload: JWTPayload, claim: string) {
	const rights = rightsOf(payload, claim);
	const list = (names: readonly string[]) => (names.length === 0 ? "nothing" : names.join(", "));
	const said: [string, unknown][] = [
		["reads", rights === undefined ? `"${claim}" is malformed: nothing` : list(rights.subscribe)],
		["publishes to", rights === undefined ? "nothing" : list(rights.publish)],
		...(["disconnect", "members"] as const).map((right): [string, unknown] => {
			const names = rights?.[right] ?? [];
			const subject = right === "members" ? "sees members of" : "ends streams of";
			return [subject, names.length === 0 ? undefined : list(names)];
		}),
		["expires", payload.exp === undefined ? "never: a hub refuses it" : time(payload.exp)],
		...(["iss", "aud", "sub"] as const).map((name): [string, unknown] => [name, payload[name]]),
		["algorithm", header.alg],
		["key", header.kid],
	];
	return said
		.filter(([, value]) => value !== undefined)
		.map(([name, value]): [string, string] => [name, printable(String(value))]);
}

function time(seconds: number): string {
	const date = new Date(seconds * 1_000);
	if (Number.isNaN(date.getTime())) return "at no time that there is";
	const left = Math.round(seconds - Date.now() / 1_000);
	return `${date.toISOString()} (${left < 0 ? `${-left} s ago` : `in ${left} s`})`;
}

async function checked(token: string, claim: string, given: Arguments) {
	const keys = keysOf(given);
	if (keys === undefined)
		return { isGood: true, text: "not checked: there is no key to check it with" };
	const [issuer, audience] = [agreedValue(given, "issuer"), agreedValue(given, "audience")];
	const check = tokenCheck(
		{
			...{ ...keys, claim },
			...(issuer !== undefined && { issuer }),
			...(audience !== undefined && { audience }),
		},
		{ header: true, cookie: undefined, query: undefined },
	);
	const headers = { authorization: `Bearer ${token}` };
	const proof = await check(new Request("http://localhost/", { headers }));
	if (!(proof instanceof Response)) return { isGood: true, text: "right, and a hub takes it" };
	const { error }: { error: string } = await proof.json();
	return { isGood: false, text: `refused: ${error}` };
}

function keysOf(given: Arguments): KeySource | undefined {
	const file = given.value("jwks-file");
	if (file !== undefined) {
		return { jwks: parsedJson("jwks-file", readSecret("jwks-file", file)) as JSONWebKeySet };
	}
	const jwksUrl = given.value("jwks-url");
	if (jwksUrl !== undefined) return { jwksUrl };
	const secret = secretOf(given);
	if (secret !== undefined) return { secret };
	const { SSE_JWKS_URL } = process.env;
	return SSE_JWKS_URL === undefined ? undefined : { jwksUrl: SSE_JWKS_URL };
}
