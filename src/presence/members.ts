/** A member of a channel. */
export interface Member<Data = unknown> {
	/** What the option `id` returned. */
	readonly id: string;
	/** What the option `data` returned. Absent: no data. */
	readonly data?: Data | undefined;
}

/** @param text JSON; `""`: no data. */
export function memberOf(id: string, text: string): Member {
	return text === "" ? { id } : { id, data: JSON.parse(text) };
}
