/** Who is there. */
export interface Member<Data = unknown> {
	/** What the option `id` returned. */
	readonly id: string;
	/** What the option `data` returned. Absent: nothing. */
	readonly data?: Data | undefined;
}

/** @param text JSON; `""`: nothing. */
export function memberOf(id: string, text: string): Member {
	return text === "" ? { id } : { id, data: JSON.parse(text) };
}
