import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { SseError } from "../core/errors.ts";

/** How long one fetch of the keys may take, in ms. */
const timeout = 5_000;

/** The pause after a failed fetch, in ms, because many clients reconnect at once. */
const pause = 1_000;

/**
 * The keys behind a URL. When they cannot be fetched, the token may still be good. So that is
 * an `SseError` with code `unavailable`, and the client may try again.
 *
 * @throws {TypeError} for a URL that is not safe to take keys from.
 */
export function remoteKeys(jwksUrl: string | URL): JWTVerifyGetKey {
	let resumeAt = Number.NEGATIVE_INFINITY;
	const remote = createRemoteJWKSet(checkedUrl(jwksUrl), {
		timeoutDuration: timeout,
		[customFetch]: async (url, init) => {
			if (performance.now() < resumeAt) throw new Error("The last fetch failed a moment ago.");
			return fetch(url, init);
		},
	});
	return async (header, token) => {
		try {
			return await remote(header, token);
		} catch (error) {
			// The verifier handles these errors: no key has this id, or several fit.
			if (error instanceof errors.JWKSNoMatchingKey) throw error;
			if (error instanceof errors.JWKSMultipleMatchingKeys) throw error;
			// Only a real failure moves the pause on. Otherwise it would never end under load.
			if (performance.now() >= resumeAt) resumeAt = performance.now() + pause;
			throw new SseError("unavailable", "The keys to check tokens with cannot be fetched now.", {
				cause: error,
			});
		}
	};
}

function checkedUrl(jwksUrl: string | URL): URL {
	const url = URL.canParse(String(jwksUrl)) ? new URL(jwksUrl) : undefined;
	const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url?.hostname ?? "");
	if (url?.protocol !== "https:" && !(url?.protocol === "http:" && loopback)) {
		throw new TypeError("jwksUrl: must be an https: URL; http: is for loopback addresses only.");
	}
	// A password that is not percent-encoded ends the host, and its rest comes after it.
	const rest = url.pathname + url.search + url.hash;
	if (url.username !== "" || url.password !== "" || rest.includes("@")) {
		throw new TypeError("jwksUrl: must hold no user and no password; fetch refuses them.");
	}
	return url;
}
