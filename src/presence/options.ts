import { checkNames } from "../core/known-names.ts";
import { exceeds } from "../core/message/text.ts";

type Id = string | null | undefined;

/** The options of `Presence`. Only `id` is required. */
export interface PresenceOptions {
	/**
	 * Names the member of a stream from its request: text of at most 256 bytes without control characters. Take it from
	 * what the server knows, such as a session. `null` or `undefined`: the stream belongs to no member.
	 */
	id: (request: Request) => Id | Promise<Id>;
	/**
	 * What others may know about a member: JSON of at most 1,024 bytes. When a member has several streams, one of them counts.
	 *
	 * @defaultValue none
	 */
	data?: ((request: Request, id: string) => unknown) | undefined;
	/**
	 * The channels whose joins and leaves a stream with `?presence=1` is told: all, none, or these.
	 *
	 * @defaultValue none
	 */
	events?:
		| ((
				request: Request,
				channels: readonly string[],
		  ) => boolean | readonly string[] | Promise<boolean | readonly string[]>)
		| undefined;
	/**
	 * The longest time until the members of a killed process are gone, in ms; 1,000 to 3,600,000.
	 *
	 * @defaultValue `30_000`
	 */
	ttl?: number | undefined;
	/**
	 * How long a member remains after its last stream has ended, in ms, so that a reload is not a leave; at most 3,600,000.
	 *
	 * @defaultValue `10_000`
	 */
	grace?: number | undefined;
}

/** The options with their defaults. */
export type CheckedPresenceOptions = ReturnType<typeof checkedPresence>;

/** The longest time, in ms. */
const longest = 3_600_000;

/** @throws {TypeError} that names the option and its rule. */
export function checkedPresence(options: PresenceOptions) {
	if (typeof options !== "object" || options === null) {
		throw new TypeError("Presence: write new Presence(sse, { id: (request) => … }).");
	}
	checkNames(
		"Presence: ",
		options,
		["id data events ttl grace"],
		[["Did you mean id?", "user key"]],
	);
	const { id, data, events, ttl = 30_000, grace = 10_000 } = options;
	for (const [name, value] of Object.entries({ id, data, events })) {
		if ((value === undefined && name !== "id") || typeof value === "function") continue;
		throw new TypeError(`Presence: ${name}: must be a function of a request.`);
	}
	return {
		id,
		data,
		events,
		ttl: checkedTime("ttl", ttl, 1_000),
		grace: checkedTime("grace", grace, 0),
	};
}

function checkedTime(name: string, value: unknown, least: number): number {
	if (typeof value === "number" && value >= least && value <= longest) return value;
	throw new TypeError(`Presence: ${name}: must be a number of ms from ${least} to ${longest}.`);
}

/** The longest id and the longest data, in bytes. */
const longestId = 256;
const longestData = 1_024;

/**
 * @returns the id. Undefined: the stream belongs to no member.
 * @throws {TypeError} that names the rule, but not the id.
 */
export function checkedId(id: unknown): string | undefined {
	if (id === null || id === undefined) return undefined;
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are refused here.
	const isClean = typeof id === "string" && !/[\0-\x1f\x7f]/.test(id) && id.isWellFormed();
	if (isClean && id !== "" && !exceeds(id, longestId)) return id;
	throw new TypeError(
		`Presence: id: must return well-formed text of 1 to ${longestId} bytes without control characters, or null.`,
	);
}

/**
 * @returns JSON; `""`: no data.
 * @throws {TypeError} that names the rule.
 */
export function checkedData(data: unknown): string {
	const text = data === undefined ? "" : JSON.stringify(data);
	if (typeof text === "string" && !exceeds(text, longestData)) return text;
	throw new TypeError(`Presence: data: must return JSON of at most ${longestData} bytes.`);
}

/** @throws {TypeError} that names the rule. */
export function checkedVerdict(verdict: unknown): boolean | readonly string[] {
	if (typeof verdict === "boolean" || Array.isArray(verdict)) return verdict;
	throw new TypeError("Presence: events: must return true, false, or an array of channels.");
}

/** A page of a channel's members. */
export interface MembersQuery {
	/**
	 * Members per page, at most 500.
	 *
	 * @defaultValue `100`
	 */
	limit?: number | undefined;
	/**
	 * The position after which the page begins: `next` of the page before.
	 *
	 * @defaultValue the first page
	 */
	after?: string | undefined;
}

/** The largest page. */
const mostMembers = 500;

/** @throws {TypeError} that names the field and its rule. */
export function checkedMembersQuery(query: MembersQuery): { limit: number; after: string } {
	checkNames("Cannot read members. ", query, ["limit after"]);
	const { limit = 100, after = "" } = query;
	if (!Number.isSafeInteger(limit) || limit < 1 || limit > mostMembers) {
		throw new TypeError(
			`Cannot read members. limit: must be a whole number of 1 to ${mostMembers}.`,
		);
	}
	if (typeof after === "string" && (after === "" || isId(after))) return { limit, after };
	throw new TypeError("Cannot read members. after: must be `next` of the page before.");
}

function isId(text: string): boolean {
	try {
		return checkedId(text) !== undefined;
	} catch {
		return false;
	}
}
