import { type CryptoKey, importJWK, importPKCS8, importSPKI, type JWK } from "jose";
import {
	algorithmsOfCryptoKey,
	algorithmsOfDer,
	algorithmsOfJwk,
	keyRule,
	secretBytes,
} from "./algorithms.ts";

/** The operator's key, and its algorithms. */
export interface KeyMaterial {
	/** The pinned algorithms. The first one signs. */
	algorithms: readonly string[];
	/** @param algorithm one of them. */
	load(algorithm: string): Promise<CryptoKey | Uint8Array>;
}

/** @throws {TypeError} that names the rule. It holds nothing of the secret. */
export function secretMaterial(secret: unknown): KeyMaterial {
	if (typeof secret !== "string" && !(secret instanceof Uint8Array)) {
		throw new TypeError("secret: must be a string or a Uint8Array.");
	}
	// A public key is public: used as a secret, it would let everybody sign.
	if (typeof secret === "string" && /-----BEGIN [A-Z ]+-----/.test(secret)) {
		throw new TypeError("secret: must not be a PEM; pass a public key as `publicKey`.");
	}
	const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret.slice();
	const algorithms = Object.keys(secretBytes).filter(
		(algorithm) => bytes.byteLength >= (secretBytes[algorithm] ?? Number.POSITIVE_INFINITY),
	);
	if (algorithms.length === 0) {
		throw new TypeError(
			`secret: must have at least ${secretBytes.HS256} bytes, and be random: \`openssl rand -base64 32\` makes one.`,
		);
	}
	return { algorithms, load: async () => bytes };
}

/**
 * A key of a pair: PEM (SPKI when public, PKCS#8 when private), a JWK or a `CryptoKey`.
 *
 * @throws {TypeError} that names the rule. It holds nothing of the key.
 */
export function pairMaterial(option: "publicKey" | "privateKey", key: unknown): KeyMaterial {
	const type = option === "publicKey" ? "public" : "private";
	if (typeof key === "string") return pem(option, key.trim());
	if (isCryptoKey(key)) {
		if (key.type !== type) throw new TypeError(`${option}: must be a ${type} key.`);
		return { algorithms: known(option, algorithmsOfCryptoKey(key)), load: async () => key };
	}
	if (typeof key !== "object" || key === null || !("kty" in key)) {
		throw new TypeError(`${option}: must be a PEM, a JWK or a CryptoKey.`);
	}
	const jwk = { ...key } as JWK;
	if ((jwk.d === undefined) !== (type === "public") || jwk.k !== undefined) {
		throw new TypeError(`${option}: must be a ${type} key.`);
	}
	return {
		algorithms: known(option, algorithmsOfJwk(jwk)),
		load: loader((algorithm) => importJWK(jwk, algorithm)),
	};
}

function pem(option: "publicKey" | "privateKey", text: string): KeyMaterial {
	const label = option === "publicKey" ? "PUBLIC KEY" : "PRIVATE KEY";
	const [, body] =
		new RegExp(`^-----BEGIN ${label}-----([\\w+/=\\s]+)-----END ${label}-----$`).exec(text) ?? [];
	if (body === undefined) {
		throw new TypeError(`${option}: a PEM must begin with -----BEGIN ${label}-----.`);
	}
	const read = option === "publicKey" ? importSPKI : importPKCS8;
	return {
		algorithms: known(option, algorithmsOfDer(decoded(option, body))),
		load: loader((algorithm) => read(text, algorithm)),
	};
}

function decoded(option: string, base64: string): string {
	try {
		return atob(base64.replaceAll(/\s/g, ""));
	} catch {
		// The decoder's own error says no more, and might quote the key.
		throw new TypeError(`${option}: must be a PEM; its content is not base64.`);
	}
}

function known(option: string, algorithms: readonly string[] | undefined): readonly string[] {
	if (algorithms !== undefined) return algorithms;
	throw new TypeError(`${option}: must be ${keyRule}.`);
}

// Keeps the keys, not their promises: on Workers one request must not wait for another's.
function loader(load: (algorithm: string) => Promise<CryptoKey | Uint8Array>): KeyMaterial["load"] {
	const loaded = new Map<string, CryptoKey | Uint8Array>();
	return async (algorithm) => {
		const key = loaded.get(algorithm) ?? (await load(algorithm));
		loaded.set(algorithm, key);
		return key;
	};
}

function isCryptoKey(value: unknown): value is CryptoKey {
	return Object.prototype.toString.call(value) === "[object CryptoKey]";
}
