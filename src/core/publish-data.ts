import { dataJson } from "./message/json-data.ts";
import { JsonText } from "./message/json-text.ts";
import { type SchemaMap, validated } from "./message/schema.ts";

/**
 * How data becomes JSON. A `JsonText`, and what `stringify` gives, goes out as it stands. A schema gives its own data
 * back, so with one nothing is as it stood.
 */
export function jsonWriter(
	events: SchemaMap | undefined,
	stringify: ((data: unknown) => string) | undefined,
): (type: string | undefined, data: unknown) => string | Promise<string> {
	const written = (data: unknown) =>
		stringify === undefined
			? dataJson(data)
			: new JsonText(stringify(data), "Cannot publish. stringify").text;
	return (type, data) => {
		if (events === undefined) return data instanceof JsonText ? data.text : written(data);
		const valid = validated(events, type, data instanceof JsonText ? data.value : data);
		return valid instanceof Promise ? valid.then(written) : written(valid);
	};
}
