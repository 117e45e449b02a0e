import { jsonOf, reached, refusal } from "./http.ts";

/** How long a hub may take to answer, in ms. */
const patience = 30_000;

/**
 * Posts a body of JSON, and returns the JSON of the answer.
 *
 * @throws {Error} that says what the hub answered instead.
 */
export async function post(url: URL, body: string, token: string | undefined): Promise<unknown> {
	const headers = {
		"content-type": "application/json",
		...(token !== undefined && token !== "" && { authorization: `Bearer ${token}` }),
	};
	const signal = AbortSignal.timeout(patience);
	const response = await reached(url, { method: "POST", headers, body, signal });
	const answer = await jsonOf(response);
	if (response.ok && answer !== undefined) return answer;
	throw new Error(refusal(url, response, answer));
}
