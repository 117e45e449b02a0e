/** What to write instead of a name that is right elsewhere: in another library, or at another place. */
export type Advice = Readonly<Record<string, string>>;

/**
 * Refuses options that nobody reads: misspelt ones, and those of other libraries. They would be ignored in
 * silence otherwise, and a default would do instead. One that is undefined says nothing, and passes.
 *
 * @param where what the error begins with, such as `redis(): socket.`.
 * @throws {TypeError} that names the option and what to write, and holds no value.
 */
export function checkNames(
	where: string,
	options: object,
	known: readonly string[],
	advice: Advice = {},
): void {
	for (const name of unknownNames(options, known)) {
		const way = wayOut(name, known, advice, Math.max(2, name.length / 3));
		throw refused(where, name, way ?? `Those are ${known.join(", ")}.`);
	}
}

/**
 * Refuses only what is nearly right, or right elsewhere: such options are often spread from a program's own,
 * which may have more to say.
 *
 * @throws {TypeError} that names the option and what to write, and holds no value.
 */
export function checkSpelling(options: object, known: readonly string[], advice: Advice): void {
	for (const name of unknownNames(options, known)) {
		const way = wayOut(name, known, advice, name.length < 10 ? 1 : 2);
		if (way !== undefined) throw refused("", name, way);
	}
}

function unknownNames(options: object, known: readonly string[]): string[] {
	return Object.keys(options).filter(
		(name) => !known.includes(name) && Reflect.get(options, name) !== undefined,
	);
}

function refused(where: string, name: string, way: string): TypeError {
	// A value that was taken for a name may be a secret.
	const shown = /^[\w$-]{1,64}$/.test(name) ? `${name}: is` : "what has no option's name is";
	return new TypeError(`${where}${shown} no option here. ${way}`);
}

/** @param most letters that a name may be away from a right one. */
function wayOut(
	name: string,
	known: readonly string[],
	advice: Advice,
	most: number,
): string | undefined {
	if (Object.hasOwn(advice, name)) return advice[name];
	if (name.length > 64) return undefined;
	const letters = lettersOf(name);
	const away = known.map((each) => {
		// `keepAliveInterval`, `timeoutMs`.
		return name.startsWith(each) && each.length > 3 ? 1 : distance(letters, lettersOf(each));
	});
	const least = Math.min(...away);
	return least > most ? undefined : `Did you mean ${known[away.indexOf(least)]}?`;
}

function lettersOf(name: string): string {
	return name.replaceAll(/[_-]/g, "").toLowerCase();
}

/** How many letters have to be put in, left out or replaced. */
function distance(one: string, other: string): number {
	let row = Array.from({ length: other.length + 1 }, (_, index) => index);
	for (const [index, letter] of [...one].entries()) {
		const next = [index + 1];
		for (const [at, its] of [...other].entries()) {
			const replaced = (row[at] ?? 0) + (letter === its ? 0 : 1);
			next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
		}
		row = next;
	}
	return row.at(-1) ?? 0;
}
