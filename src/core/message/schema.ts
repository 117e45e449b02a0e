import { SseError } from "../errors.ts";
import type { Message } from "./message.ts";

/** The data of each type of event. Events without a type have the type `message`. */
export type EventMap = Record<string, unknown>;

/**
 * The part of a validator that is used here. zod, valibot, arktype and others have it:
 * https://standardschema.dev.
 */
export interface Schema<Input = unknown, Output = Input> {
	readonly "~standard": {
		readonly version: 1;
		readonly vendor: string;
		readonly validate: (value: unknown) => Verdict<Output> | Promise<Verdict<Output>>;
		readonly types?: { readonly input: Input; readonly output: Output } | undefined;
	};
}

/** A schema for each type of event. */
export type SchemaMap = Record<string, Schema>;

type Verdict<Output> =
	| { readonly value: Output; readonly issues?: undefined }
	| { readonly issues: readonly Issue[] };

/** One fault that a validator found. */
export interface Issue {
	/** What is wrong, in the validator's words. */
	readonly message: string;
	/** Where in the data it is. */
	readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A message of one of these types, or a gap. `type` tells which. */
export type MessageOf<Events extends object> = string extends keyof Events
	? Message
	:
			| {
					[Type in keyof Events & string]: Message & {
						readonly type: Type extends "message" ? undefined : Type;
						readonly data: Events[Type];
					};
			  }[keyof Events & string]
			| (Message & {
					readonly type: "sse.gap";
					readonly data: { channel: string; lastEventId?: string };
			  });

/**
 * The data does not fit its schema. Nothing was published.
 *
 * @example
 * ```ts
 * try {
 * 	await sse.publish({ message: 7 }, { type: "greeting" });
 * } catch (error) {
 * 	if (error instanceof ValidationError) console.error(error.issues);
 * }
 * ```
 */
export class ValidationError extends SseError {
	override readonly name = "ValidationError";
	/** Always `invalid_data`. */
	declare readonly code: "invalid_data";
	/** The validator's own findings. */
	readonly issues: readonly Issue[];

	constructor(type: string, issues: readonly Issue[]) {
		const [first] = issues;
		const path = first?.path?.map((step) => String(typeof step === "object" ? step.key : step));
		const where = path === undefined || path.length === 0 ? "data" : `data.${path.join(".")}`;
		const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
		super(
			"invalid_data",
			`Cannot publish. ${where}: ${first?.message ?? "is refused"}${more}, for events of the type ${type}.`,
		);
		this.issues = issues;
	}
}

/**
 * Checks data against the schema of its type.
 *
 * @returns the schema's own data, with its defaults and conversions, or a promise of it.
 * @throws {ValidationError} with the validator's issues.
 * @throws {TypeError} when there is no such type.
 */
export function validated(
	schemas: SchemaMap | undefined,
	type: string | undefined,
	data: unknown,
): unknown | Promise<unknown> {
	if (schemas === undefined) return data;
	const name = type ?? "message";
	const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
	if (schema === undefined) {
		const known = Object.keys(schemas).join(", ");
		throw new TypeError(`Cannot publish. Unknown event type "${name}"; expected one of: ${known}.`);
	}
	const verdict = schema["~standard"].validate(data);
	return "then" in verdict
		? Promise.resolve(verdict).then((each) => accepted(name, each))
		: accepted(name, verdict);
}

function accepted(type: string, verdict: Verdict<unknown>): unknown {
	if (verdict.issues !== undefined) throw new ValidationError(type, verdict.issues);
	return verdict.value;
}
