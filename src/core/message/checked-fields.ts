import { idProblem, retryProblem, typeProblem } from "./fields.ts";
import { kindOf } from "./json-data.ts";

/** The fields of a message besides its data. */
export interface MessageOptions {
	/**
	 * The event's name, for `addEventListener(type, …)`. At most 256 bytes of UTF-8, without
	 * control and format characters.
	 *
	 * @defaultValue `message`, also for `""` and `null`
	 */
	type?: string | null | undefined;
	/**
	 * The event's id. A browser sends the latest back as `Last-Event-ID`. At most 1,024 bytes of
	 * UTF-8, without control characters, and without a space at either end.
	 *
	 * @defaultValue none
	 */
	id?: string | number | null | undefined;
	/**
	 * How long the browser waits before it reconnects, in ms: a whole number of at most
	 * 86,400,000 (a day).
	 *
	 * @defaultValue none: the browser keeps its own
	 */
	retry?: number | null | undefined;
}

/** What an event has besides its data. */
export interface EventFields {
	readonly type: string | undefined;
	readonly id: string | undefined;
	readonly retry: number | undefined;
}

/** @throws {TypeError} that names the field and its rule. */
export function checkedFields(options: MessageOptions): EventFields {
	const { type, id, retry } = options;
	return { type: validType(type), id: validId(id), retry: validRetry(retry) };
}

function validType(type: unknown): string | undefined {
	// The parser reads "" and no type as the same event: `message`.
	if (type === undefined || type === null || type === "") return undefined;
	if (typeof type !== "string") throw invalid("type", `must be a string, not ${kindOf(type)}`);
	const problem = typeProblem(type);
	if (problem !== undefined) throw invalid("type", problem);
	return type;
}

function validId(id: unknown): string | undefined {
	if (id === undefined || id === null) return undefined;
	if (typeof id === "number" && !Number.isSafeInteger(id)) {
		throw invalid("id", "as a number must be a safe integer; pass a string instead");
	}
	if (typeof id !== "string" && typeof id !== "number") {
		throw invalid("id", `must be a string or an integer, not ${kindOf(id)}`);
	}
	const text = String(id);
	const problem = idProblem(text);
	if (problem !== undefined) throw invalid("id", problem);
	return text;
}

function validRetry(retry: unknown): number | undefined {
	if (retry === undefined || retry === null) return undefined;
	const problem = retryProblem(retry);
	if (problem !== undefined) throw invalid("retry", problem);
	return Number(retry);
}

function invalid(field: string, rule: string): TypeError {
	return new TypeError(`Message ${field} ${rule}.`);
}
