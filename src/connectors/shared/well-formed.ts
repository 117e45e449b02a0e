/**
 * UTF-8 has no lone surrogates: of two such names one would become the other's, and a payload another one.
 *
 * @throws {TypeError} that names the argument and the rule, the same for every connector.
 */
export function assertWellFormed(name: "channel" | "payload", text: string): void {
	if (text.isWellFormed()) return;
	throw new TypeError(`${name}: must be well-formed Unicode, without a lone surrogate.`);
}
