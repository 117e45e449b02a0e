import fc from "fast-check";
import type { MessageOptions } from "../../../src/core/message/message.ts";
import { jsonData, piece, text, textWithout } from "../text.ts";

/** What somebody publishes, and whether it is one event or nothing at all. */
export type Attempt = Side & {
	honest: boolean;
	/** What a client is to hear of it, before line ends are made one; only of what is honest. */
	expected: { type?: string; data: string; id?: string; retry?: number };
};

type Side =
	| { side: "library"; data: unknown; options: MessageOptions }
	| { side: "http"; body(channel: string): string }
	| { side: "redis"; payload: string };

interface Fields {
	data: unknown;
	type?: string;
	id?: string;
	retry?: number;
}

const type = textWithout(/[\r\n]/g).map((type) => type.replace(/^sse\./, ""));
const data = fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: jsonData });
const retry = fc.nat();

/** Fields that keep to the rules, and are as hostile as these allow. */
function good(withId: boolean): fc.Arbitrary<Fields> {
	const optional = { type, retry, ...(withId ? { id: textWithout(/[\r\n\0]/g) } : {}) };
	return fc.record({ data, ...optional }, { requiredKeys: ["data"] }) as fc.Arbitrary<Fields>;
}

const lineEnd = fc.constantFrom("\r", "\n", "\r\n");
const around = (middle: fc.Arbitrary<string>) =>
	fc.tuple(text, middle, text).map((all) => all.join(""));
/** One field that breaks its rule. */
const bad: fc.Arbitrary<object> = fc.oneof(
	fc.record({ type: around(lineEnd) }),
	fc.record({ id: around(fc.oneof(lineEnd, fc.constant("\0"))) }),
	fc.record({ retry: fc.oneof(text, fc.constantFrom(-1, 1.5, 2 ** 53, true)) }),
	fc.record({ type: text.map((rest) => `sse.${rest}`) }),
	fc.record({ type: fc.constantFrom(1, true, ["x"], {}) }),
	fc.record({ id: fc.constantFrom(1.5, true, ["x"], {}) }),
);
const stranger = fc.constantFrom("Data", "__proto__", "event", "user", "\ndata", "constructor");

function heard({ data, ...fields }: Fields): Attempt["expected"] {
	return { ...fields, data: typeof data === "string" ? data : JSON.stringify(data) };
}

const nothing = { data: "" };

/** @param history whether the store gives the ids: then nobody else may. */
export function attempts(history: boolean): fc.Arbitrary<Attempt> {
	const fields = good(!history);
	const broken = fc.tuple(fields, bad).map(([good, bad]) => ({ ...good, ...bad }));
	const library = (honest: boolean, from: fc.Arbitrary<object>) =>
		from.map((fields): Attempt => {
			const { data, ...options } = fields as Fields;
			const expected = honest ? heard(fields as Fields) : nothing;
			return { side: "library", data, options, honest, expected };
		});
	const http = (honest: boolean, from: fc.Arbitrary<object>) =>
		from.map((fields): Attempt => {
			const body = (channel: string) => JSON.stringify({ ...fields, channel });
			return { side: "http", body, honest, expected: honest ? heard(fields as Fields) : nothing };
		});
	// In any order of its fields, for some other program wrote it. With history its id says nothing; it is not
	// the first, where it would be taken for the store's own: whoever can write to Redis is believed so much.
	const inRedis = fc
		.tuple(good(true), fc.shuffledSubarray(["data", "type", "retry"] as const, { minLength: 3 }))
		.map(([fields, order]): Attempt => {
			const ordered = [...order, "id" as const].filter((name) => name in fields);
			const payload = JSON.stringify(
				Object.fromEntries(ordered.map((name) => [name, fields[name]])),
			);
			return { side: "redis", payload, honest: true, expected: heard(fields) };
		});
	const dropped = fc
		.oneof(
			broken.map((fields) => JSON.stringify(fields)),
			fc.tuple(fields, stranger, text).map(([fields, key, value]) => {
				return `{${JSON.stringify(key)}:${JSON.stringify(value)},${JSON.stringify(fields).slice(1)}`;
			}),
			fields.map((fields) => JSON.stringify([fields])),
			fc.tuple(fields, piece).map(([fields, piece]) => `${JSON.stringify(fields)}x${piece}`),
			text.map((text) => `x${text}`),
		)
		.map((payload): Attempt => ({ side: "redis", payload, honest: false, expected: nothing }));
	const torn = fc.tuple(fields, piece).map(
		([fields, piece]): Attempt => ({
			side: "http",
			body: (channel) => `${JSON.stringify({ ...fields, channel })}x${piece}`,
			honest: false,
			expected: nothing,
		}),
	);
	return fc.oneof(
		...[library(true, fields), library(false, broken)],
		...[http(true, fields), http(false, broken), torn],
		...[inRedis, dropped],
	);
}
