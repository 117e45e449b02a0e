import { show } from "./show.ts";

/**
 * The few assertions that the suite needs, on every runner and runtime. Runners show the
 * difference between `actual` and `expected`.
 */
class AssertionError extends Error {
	override readonly name = "AssertionError";
	readonly actual: unknown;
	readonly expected: unknown;

	constructor(message: string, actual: unknown, expected: unknown) {
		super(message);
		this.actual = actual;
		this.expected = expected;
	}
}

export function ok(value: unknown, message = "it is missing"): asserts value {
	if (!value) throw new AssertionError(message, value, true);
}

export function equal(actual: unknown, expected: unknown, message?: string): void {
	if (!Object.is(actual, expected)) throw differs(actual, expected, message);
}

export function deepEqual(actual: unknown, expected: unknown, message?: string): void {
	if (!same(actual, expected)) throw differs(actual, expected, message);
}

export function notEqual(actual: unknown, unexpected: unknown): void {
	if (!Object.is(actual, unexpected)) return;
	throw new AssertionError(`It is still ${show(actual)}.`, actual, unexpected);
}

function differs(actual: unknown, expected: unknown, message?: string): AssertionError {
	const verdict = `came ${show(actual)}, expected ${show(expected)}`;
	const text = message === undefined ? verdict : `${message}: ${verdict}`;
	return new AssertionError(text, actual, expected);
}

/** Compares arrays, sets of primitives and plain objects, with keys in any order. */
function same(one: unknown, other: unknown): boolean {
	if (Object.is(one, other)) return true;
	if (!isObject(one) || !isObject(other) || kindOf(one) !== kindOf(other)) return false;
	if (one instanceof Set && other instanceof Set) return same([...one].sort(), [...other].sort());
	const keys = Object.keys(one);
	return (
		keys.length === Object.keys(other).length &&
		keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]))
	);
}

/** By its tag: some runners run tests in their own realm. */
const kindOf = (value: object): string => Object.prototype.toString.call(value);

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}
