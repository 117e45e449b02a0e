import { queryOf } from "../core/request/request.ts";

/** Where a request carries its token. */
export interface TokenPlaces {
	header: boolean;
	cookie: string | undefined;
	query: string | undefined;
}

/**
 * The longest token, in UTF-16 code units: most servers and proxies carry as much in a header
 * field.
 */
export const maxTokenLength = 8_192;

/**
 * A request's token, from the first of `Authorization: Bearer`, the cookie and the query that
 * has one. An empty value counts as none. The token is not checked here.
 *
 * @returns `"repeated"` when the place has several: it is unclear which one counts.
 */
export function presentedToken(
	request: Request,
	{ header, cookie, query }: TokenPlaces,
): { token: string } | "repeated" | undefined {
	const bearer = header ? bearerToken(request.headers.get("authorization") ?? "") : "";
	if (bearer !== "") return { token: bearer };
	for (const tokens of [
		cookie === undefined ? [] : cookies(request.headers.get("cookie") ?? "", cookie),
		query === undefined ? [] : queryOf(request).getAll(query),
	]) {
		const [token, ...others] = tokens.filter((value) => value !== "");
		if (others.length > 0) return "repeated";
		if (token !== undefined) return { token };
	}
	return undefined;
}

// Another scheme belongs to somebody else, for example a proxy.
function bearerToken(authorization: string): string {
	return /^bearer +(.*)$/i.exec(authorization.trim())?.[1] ?? "";
}

/**
 * The values of one cookie: https://www.rfc-editor.org/rfc/rfc6265#section-5.4. They are not
 * percent-decoded, because a JWT needs no encoding.
 */
function cookies(header: string, name: string): string[] {
	return header.split(";").flatMap((pair) => {
		const at = pair.indexOf("=");
		if (at < 0 || pair.slice(0, at).trim() !== name) return [];
		return [
			pair
				.slice(at + 1)
				.trim()
				.replace(/^"(.*)"$/, "$1"),
		];
	});
}
