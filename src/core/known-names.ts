/**
 * What to write instead of a name that belongs to another library or another place. Each entry:
 * the way out, then the names, with spaces between them.
 */
export type Advice = readonly (readonly [way: string, names: string])[];

/** Splits words at spaces, as a type. */
type Words<Text extends string> = Text extends `${infer First} ${infer Rest}`
	? First | Words<Rest>
	: Text;

/** A list that lacks an option is a compiler error, which names the option. */
type Complete<Options, Known extends readonly string[]> = [
	Exclude<keyof Options, Words<Known[number]>>,
] extends [never]
	? unknown
	: { lacks: Exclude<keyof Options, Words<Known[number]>> };

/**
 * Refuses options that nothing reads: misspelt ones, and those of other libraries. Otherwise a
 * default would silently apply. An option that is undefined passes.
 *
 * @param where the beginning of the error, such as `redis(): socket.`.
 * @param known all options, with spaces between them, in as many strings as are easy to read.
 * @throws {TypeError} that names the option and what to write. It holds no value. Also when the options are no object.
 */
export function checkNames<Options extends object, const Known extends readonly string[]>(
	where: string,
	options: Options,
	known: Known & Complete<Options, Known>,
	advice: Advice = [],
): void {
	if (Object(options) !== options) {
		throw new TypeError(`${where.replace(/[.: ]+$/, "")}: the options must be an object.`);
	}
	const names = wordsOf(known);
	for (const name of unknownNames(options, names)) {
		const way = wayOut(name, names, advice, Math.max(2, name.length / 3));
		throw refused(where, name, way ?? `The options are ${names.join(", ")}.`);
	}
}

/**
 * Refuses only names that are nearly right, or right elsewhere. Such options are often spread
 * from a program's own, which may have other fields.
 *
 * @throws {TypeError} that names the option and what to write. It holds no value.
 */
export function checkSpelling<Options extends object, const Known extends readonly string[]>(
	options: Options,
	known: Known & Complete<Options, Known>,
	advice: Advice,
): void {
	const names = wordsOf(known);
	for (const name of unknownNames(options, names)) {
		const way = wayOut(name, names, advice, name.length < 10 ? 1 : 2);
		if (way !== undefined) throw refused("", name, way);
	}
}

/** Refuses only what the advice names. */
export function checkMisplaced(where: string, options: object, advice: Advice): void {
	for (const name of unknownNames(options, [])) {
		const way = advised(name, advice);
		if (way !== undefined) throw refused(where, name, way);
	}
}

function wordsOf(texts: readonly string[]): string[] {
	return texts.join(" ").split(" ");
}

function unknownNames(options: object, known: readonly string[]): string[] {
	return Object.keys(options).filter(
		(name) => !known.includes(name) && Reflect.get(options, name) !== undefined,
	);
}

function refused(where: string, name: string, way: string): TypeError {
	// A value that was passed as a name may be a secret.
	const shown = /^[\w$-]{1,64}$/.test(name) ? `${name}: ` : "";
	return new TypeError(`${where}${shown}unknown option. ${way}`);
}

function advised(name: string, advice: Advice): string | undefined {
	return advice.find(([, names]) => names.split(" ").includes(name))?.[0];
}

/** @param most how many letters a name may differ from a right one. */
function wayOut(
	name: string,
	known: readonly string[],
	advice: Advice,
	most: number,
): string | undefined {
	const way = advised(name, advice);
	if (way !== undefined) return way;
	const nearest = nearestName(name, known, most);
	return nearest === undefined ? undefined : `Did you mean ${nearest}?`;
}

/**
 * Which of the names was probably meant.
 *
 * @param most letters that a name may be away from it.
 */
export function nearestName(
	name: string,
	known: readonly string[],
	most: number,
): string | undefined {
	if (name.length > 64) return undefined;
	const letters = lettersOf(name);
	const away = known.map((each) => {
		// For `keepAliveInterval` and `timeoutMs`.
		return name.startsWith(each) && each.length > 3 ? 1 : distance(letters, lettersOf(each));
	});
	const least = Math.min(...away);
	return least > most ? undefined : known[away.indexOf(least)];
}

function lettersOf(name: string): string {
	return name.replaceAll(/[_-]/g, "").toLowerCase();
}

/** How many letters must be added, removed or replaced. */
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
