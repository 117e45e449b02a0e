import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Authorize, Grant } from "../../../src/core/request/authorize.ts";

/** Makes tokens without the library's own code, so that any standard JWT is tried and not only jose's. */

export const secret = "correct horse battery staple, and some more";
export const now = () => Math.floor(Date.now() / 1_000);

export interface Pair {
	publicKey: KeyObject;
	privateKey: KeyObject;
}

export const pairs = {
	RS256: generateKeyPairSync("rsa", { modulusLength: 2_048 }),
	ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
	ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
	ES512: generateKeyPairSync("ec", { namedCurve: "P-521" }),
	EdDSA: generateKeyPairSync("ed25519"),
} satisfies Record<string, Pair>;
export type PairAlgorithm = keyof typeof pairs;
export const pairAlgorithms = Object.keys(pairs) as PairAlgorithm[];

export const spki = ({ publicKey }: Pair) =>
	publicKey.export({ type: "spki", format: "pem" }) as string;
export const pkcs8 = ({ privateKey }: Pair) =>
	privateKey.export({ type: "pkcs8", format: "pem" }) as string;

type Claims = Record<string, unknown>;

/** Valid for a minute, for `room.1`. */
export const claims = (more: Claims = {}): Claims => ({
	exp: now() + 60,
	channels: ["room.1"],
	...more,
});

const encoded = (part: unknown) =>
	Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");

/** @param payload the claims, or a string in their place. */
export function token(
	header: Record<string, unknown>,
	payload: unknown,
	signature: (input: string) => Buffer | string,
): string {
	const input = `${encoded(header)}.${encoded(payload)}`;
	return `${input}.${Buffer.from(signature(input)).toString("base64url")}`;
}

export function hs256(payload: unknown = claims(), key: string | Buffer = secret): string {
	const mac = (input: string) => createHmac("sha256", key).update(input).digest();
	return token({ alg: "HS256", typ: "JWT" }, payload, mac);
}

const hashes: Record<string, string | null> = {
	RS256: "sha256",
	PS256: "sha256",
	ES256: "sha256",
	ES384: "sha384",
	ES512: "sha512",
	EdDSA: null,
	Ed25519: null,
};

export function signedBy(
	{ privateKey }: Pair,
	alg: string,
	payload: unknown = claims(),
	header: Record<string, unknown> = {},
): string {
	const key = { key: privateKey, dsaEncoding: "ieee-p1363" as const };
	const pss = { key: privateKey, padding: 6, saltLength: 32 };
	return token({ alg, ...header }, payload, (input) =>
		sign(hashes[alg] ?? null, Buffer.from(input), alg === "PS256" ? pss : key),
	);
}

export interface Asked {
	/** Sent as `Authorization: Bearer`. */
	bearer?: string;
	headers?: Record<string, string>;
	/** The query string after the `?`. */
	query?: string;
	channels?: string[];
}

export function requestWith({ bearer, headers, query }: Asked): Request {
	return new Request(`http://127.0.0.1/stream?${query ?? ""}`, {
		headers: { ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }), ...headers },
	});
}

export interface Answer {
	/** The granted channels; undefined when refused. */
	channels?: readonly string[] | undefined;
	expires?: number | undefined;
	status?: number;
	challenge?: string | null;
	body?: string;
}

/** Asks for `room.1` by default, and puts grants and refusals in one form. */
export async function ask(authorize: Authorize, asked: Asked = {}): Promise<Answer> {
	const answer = await authorize(requestWith(asked), asked.channels ?? ["room.1"]);
	if (answer instanceof Response) return refusal(answer);
	const { channels, expires } = answer as Grant;
	return { channels, expires };
}

export async function refusal(response: Response): Promise<Answer> {
	return {
		status: response.status,
		challenge: response.headers.get("www-authenticate"),
		body: await response.text(),
	};
}

export const invalid = { status: 401, challenge: 'Bearer error="invalid_token"' };
export const granted = { channels: ["room.1"] };

/** An identity provider's JWKS endpoint. */
export interface KeyServer extends AsyncDisposable {
	url: string;
	/** The key set it serves; a string is sent as it is. */
	keys: Record<string, unknown>[] | string;
	/** The status it answers with. */
	status: number;
	requests: number;
	/** Stops the server; `up()` takes the same port again. */
	down(): Promise<void>;
	up(): Promise<void>;
}

export const jwk = (pair: Pair, more: Record<string, unknown> = {}) => ({
	...pair.publicKey.export({ format: "jwk" }),
	...more,
});

export async function startKeyServer(keys: KeyServer["keys"] = []): Promise<KeyServer> {
	let server: Server;
	let port = 0;
	const keyServer: KeyServer = {
		url: "",
		keys,
		status: 200,
		requests: 0,
		down: async () => {
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		},
		up: async () => {
			server = createServer((_, response) => {
				keyServer.requests++;
				// One request per connection, so that `down()` leaves no connection in the client's pool.
				response.writeHead(keyServer.status, { connection: "close" });
				response.end(
					typeof keyServer.keys === "string"
						? keyServer.keys
						: JSON.stringify({ keys: keyServer.keys }),
				);
			}).listen(port, "127.0.0.1");
			await once(server, "listening");
			port = (server.address() as AddressInfo).port;
			keyServer.url = `http://127.0.0.1:${port}/jwks`;
		},
		[Symbol.asyncDispose]: async () => {
			if (server.listening) await keyServer.down();
		},
	};
	await keyServer.up();
	return keyServer;
}
