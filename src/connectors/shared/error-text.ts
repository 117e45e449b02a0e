/** The `error` of a JSON answer. Undefined where it has none. */
export function errorOf(text: string): string | undefined {
	try {
		const json: unknown = JSON.parse(text);
		if (typeof json === "object" && json !== null && "error" in json) return String(json.error);
	} catch {
		return undefined; // a proxy's page: its status says enough
	}
	return undefined;
}
