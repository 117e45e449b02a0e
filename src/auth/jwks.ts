import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { SseError } from "../core/errors.ts";

/** Time for one fetch of the keys, in ms. */
const timeout = 5_000;

/** After a fetch that failed, the next is made this much later, in ms: clients that come back are many. */
const pause = 1_000;

/**
 * The keys behind a URL. When they cannot be had, that says nothing about the token: it is an `SseError`
 * with code `unavailable`, and the same token may be good in a moment.
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
			// Of these the verifier knows what they mean: no key of this id, or several that fit.
			if (error instanceof errors.JWKSNoMatchingKey) throw error;
			if (error instanceof errors.JWKSMultipleMatchingKeys) throw error;
			// Not moved on by those who only met the pause, or it would never end under load.
			if (performance.now() >= resumeAt) resumeAt = performance.now() + pause;
			throw new SseError("unavailable", "The keys to check tokens with cannot be had now.", {
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
	// A password that was not percent-encoded ends the host, and its rest is behind it.
	const rest = url.pathname + url.search + url.hash;
	if (url.username !== "" || url.password !== "" || rest.includes("@")) {
		throw new TypeError("jwksUrl: must hold no user and no password; fetch takes none.");
	}
	return url;
}
