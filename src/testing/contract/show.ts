/** A value in few words, for an error's message. */
export function show(value: unknown): string {
	const text =
		JSON.stringify(value, (key, each: unknown) => {
			if (each instanceof Error) return String(each);
			if (each instanceof Set) return [...each];
			// JSON has no form for these.
			return (each === undefined && key !== "") || typeof each === "bigint" ? String(each) : each;
		}) ?? String(value);
	return text.length > 500 ? `${text.slice(0, 500)}… (${text.length} characters)` : text;
}

/** How deep to look into an object. */
const depth = 10;

/** Every text in an object that a log may show, hidden properties, causes and stacks included. */
export function textsOf(value: unknown, level = 0, seen = new Set<unknown>()): string[] {
	if (typeof value === "string") return [value];
	if (typeof value !== "object" || value === null || level > depth || seen.has(value)) return [];
	seen.add(value);
	const inner = (each: unknown) => textsOf(each, level + 1, seen);
	const found = value instanceof Error ? [value.message, String(value.stack)] : [];
	if (value instanceof Map || value instanceof Set) found.push(...[...value].flatMap(inner));
	// Nobody reads bytes as text.
	if (ArrayBuffer.isView(value)) return found;
	for (const key of Reflect.ownKeys(value)) {
		const property = Object.getOwnPropertyDescriptor(value, key);
		found.push(String(key), ...inner(property?.value));
	}
	return found;
}
