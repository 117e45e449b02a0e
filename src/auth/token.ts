import { queryOf } from "../core/request/request.ts";

/** Where a request carries its token. */
export interface TokenPlaces {
	header: boolean;
	cookie: string | undefined;
	query: string | undefined;
}

/** UTF-16 code units of a token: what header fields can carry with most servers and proxies. */
export const maxTokenLength = 8_192;

/**
 * The token of a request: the first of `Authorization: Bearer`, the cookie and the query that has one; an
 * empty value is none. What it holds is not looked at.
 *
 * @returns `"repeated"` when the place has several: whose is it then?
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

// Another scheme is somebody else's, a proxy's say.
function bearerToken(authorization: string): string {
	return /^bearer +(.*)$/i.exec(authorization.trim())?.[1] ?? "";
}

/**
 * The values of one cookie (https://www.rfc-editor.org/rfc/rfc6265#section-5.4). They are not
 * percent-decoded: of a JWT nothing is ever encoded.
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
