/**
 * Makes something of a text, once for all who ask for the same text in a row: a crowd is told one text after the
 * other.
 */
export function lastMade<T>(make: (text: string) => T): (text: string) => T {
	let last: { text: string; made: T } | undefined;
	return (text) => {
		if (last?.text !== text) last = { text, made: make(text) };
		return last.made;
	};
}
