import fc from "fast-check";
import type { MessageOptions } from "../../../src/core/message/message.ts";
import {
	badId,
	badType,
	idText,
	jsonData,
	looksReserved,
	piece,
	spacedId,
	text,
	typeText,
} from "../text.ts";

/** Something published, and whether it must become one event or nothing. */
export type Attempt = Side & {
	honest: boolean;
	/** What a client must hear of it, before line ends are normalised. Only for valid ones. */
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

const type = typeText.map((type) => (looksReserved(type) ? `not ${type}` : type).slice(0, 85));
const data = fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: jsonData });
const retry = fc.nat({ max: 86_400_000 });

/** Fields that keep to the rules and are as hostile as the rules allow. */
function good(withId: boolean): fc.Arbitrary<Fields> {
	const optional = { type, retry, ...(withId ? { id: idText } : {}) };
	return fc.record({ data, ...optional }, { requiredKeys: ["data"] }) as fc.Arbitrary<Fields>;
}

/** One field that breaks its rule. */
const bad: fc.Arbitrary<object> = fc.oneof(
	fc.record({ type: badType }),
	fc.record({ retry: fc.oneof(text, fc.constantFrom(-1, 1.5, 2 ** 53, true)) }),
	fc.record({ type: text.map((rest) => `sse.${rest}`) }),
	fc.record({
		type: fc.constantFrom("SSE.gap", "Sse.ping", "ｓｓｅ.gap", "sse．retry", "ѕѕе.gap"),
	}),
	fc.record({ type: fc.constantFrom(1, true, ["x"], {}) }),
);
/** An id that breaks its rule. With history a foreign id is ignored. */
const badIds = fc.oneof(badId, spacedId, fc.constantFrom(1.5, true, ["x"], {}));
/** The library refuses it. Of a foreign message only this field is left out. */
const longRetry = fc.integer({ min: 86_400_001, max: Number.MAX_SAFE_INTEGER });
const stranger = fc.constantFrom("Data", "__proto__", "event", "user", "\ndata", "constructor");

function heard({ data, ...fields }: Fields): Attempt["expected"] {
	return { ...fields, data: typeof data === "string" ? data : JSON.stringify(data) };
}

const nothing = { data: "" };

/** @param history whether the store gives the ids, so that nobody else may. */
export function attempts(history: boolean): fc.Arbitrary<Attempt> {
	const fields = good(!history);
	const badId = badIds.map((id) => ({ id }));
	const badRetry = longRetry.map((retry) => ({ retry }));
	const broken = (bad: fc.Arbitrary<object>) =>
		fc.tuple(fields, bad).map(([good, bad]) => ({ ...good, ...bad }));
	const refused = broken(fc.oneof({ weight: 4, arbitrary: bad }, badId, badRetry));
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
	// Fields in any order, as another program may write them. With history the id is ignored. It is not put
	// first, where it would be taken for the store's own: whoever can write to Redis is trusted with that.
	const foreign = fc.tuple(good(true), fc.option(longRetry), fc.option(badIds));
	const inRedis = fc
		.tuple(foreign, fc.shuffledSubarray(["data", "type", "retry"] as const, { minLength: 3 }))
		.map(([[{ retry, ...rest }, longRetry, badId], order]): Attempt => {
			const expected = heard({
				...rest,
				...(longRetry === null && retry !== undefined && { retry }),
			});
			const fields: Record<string, unknown> = {
				...rest,
				...(retry !== undefined && { retry }),
				...(longRetry !== null && { retry: longRetry }),
				...(history && badId !== null && { id: badId }),
			};
			const ordered = [...order, "id" as const].filter((name) => name in fields);
			const payload = JSON.stringify(
				Object.fromEntries(ordered.map((name) => [name, fields[name]])),
			);
			return { side: "redis", payload, honest: true, expected };
		});
	const dropped = fc
		.oneof(
			broken(history ? bad : fc.oneof(bad, badId)).map((fields) => JSON.stringify(fields)),
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
		...[library(true, fields), library(false, refused)],
		...[http(true, fields), http(false, refused), torn],
		...[inRedis, dropped],
	);
}
