/** The answers of https://www.rfc-editor.org/rfc/rfc6750#section-3.1, and the status of each. */
const statuses = { invalid_request: 400, invalid_token: 401, insufficient_scope: 403 } as const;

/**
 * A final refusal: an EventSource gives up. It never quotes the request.
 *
 * @param code undefined when the request had no token: it is then asked for one.
 */
export function refuse(code: keyof typeof statuses | undefined, error: string): Response {
	return Response.json(
		{ error },
		{
			status: code === undefined ? 401 : statuses[code],
			headers: {
				"cache-control": "no-store",
				"www-authenticate": code === undefined ? "Bearer" : `Bearer error="${code}"`,
			},
		},
	);
}
