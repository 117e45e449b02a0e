/**
 * UTF-8 has no lone surrogates: one name would become another's, and a payload would change.
 *
 * @throws {TypeError} that names the argument and the rule, the same for every connector.
 */
export function assertWellFormed(name: "channel" | "payload", text: string): void {
	if (text.isWellFormed()) return;
	throw new TypeError(`${name}: must be well-formed Unicode, without a lone surrogate.`);
}
