import type { EventFields } from "./checked-fields.ts";
import { dataJson } from "./json-data.ts";

/**
 * The payload to publish: the JSON that flask-sse puts into Redis, `{"data": …, "type"?, "id"?, "retry"?}`.
 *
 * @param json the data's JSON text. Default: the message's own data, as JSON.
 * @throws {TypeError} when JSON cannot carry the data.
 */
export function encode(
	{ type, id, retry, data }: EventFields & { readonly data?: unknown },
	json = dataJson(data),
): string {
	const rest = JSON.stringify({ type, id, retry });
	return rest === "{}" ? `{"data":${json}}` : `{"data":${json},${rest.slice(1)}`;
}
