import { formatNamed } from "../../../src/core/history/cursor.ts";
import { type Chance, times } from "./chance.ts";
import { hostileNames, most, plainNames } from "./names.ts";
import type { Exchange } from "./wire.ts";

/** Stream requests: of an honest client, and those that a stranger may send instead. */

/** Node reads a head of 16 kB at most. */
const longestHead = 15_500;

interface Parts {
	target: string;
	/** Lines, each with its end. */
	headers?: string;
}

function get({ target, headers = "" }: Parts): string {
	return `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
}

function streamed(text: string): Exchange {
	return { bytes: Buffer.from(text, "latin1"), until: "streamed" };
}

function queryOf(names: readonly string[]): string {
	return names.map((name) => `channel=${encodeURIComponent(name)}`).join("&");
}

/** A stream of 32 plain names with a cursor as the hub gives it, as long as another request. */
export function honestStream(run: number, bytes: number): Exchange {
	const plain = plainNames(
		run,
		times(most, () => Math.max(0, Math.floor((bytes - 600) / most) - 9)),
	);
	const id = `Last-Event-ID: ${cursor(plain, () => `~${Date.now()}-0`)}\r\n`;
	const bare = (count: number) =>
		get({ target: `/stream?${queryOf(plain)}`, headers: `${id}X-Pad: ${"a".repeat(count)}\r\n` });
	return streamed(bare(Math.max(0, bytes - bare(0).length)));
}

const cursor = (names: readonly string[], position: (at: number) => string) =>
	formatNamed(
		names,
		names.map((_, at) => position(at)),
	);

function withCursor(names: readonly string[], text: string, inQuery: boolean): string {
	const room = longestHead - queryOf(names).length - 100;
	if (inQuery) {
		const query = encodeURIComponent(text).slice(0, room).replace(/%.?$/, "");
		return get({ target: `/stream?${queryOf(names)}&lastEventId=${query}` });
	}
	const headers = `Last-Event-ID: ${text.slice(0, room)}\r\n`;
	return get({ target: `/stream?${queryOf(names)}`, headers });
}

const hostileCursors: Readonly<Record<string, (chance: Chance, names: string[]) => string>> = {
	"forged for each channel": (chance, names) =>
		cursor(names, () => `${chance.below(2)}${1 + chance.below(2 ** 30)}-${chance.below(99)}`),
	"forged, at the start or in the future": (chance, names) =>
		cursor(names, () => (chance.below(2) === 0 ? "0-0" : `${"9".repeat(13)}-${"9".repeat(15)}`)),
	"forged, with other names": (_, names) =>
		cursor(
			times(320, (at) => `${names[0]}${at}`),
			(at) => `${1_790_000_000_000 + at}-0`,
		),
	"forged, with a repeated name": (_, names) =>
		cursor(
			times(320, () => names[0] ?? ""),
			(at) => `${1_790_000_000_000 + at}-0`,
		),
	"cut off": (chance, names) => cursor(names, () => "1790000000000-1").slice(0, chance.below(400)),
	"with a letter changed": (chance, names) => {
		const text = cursor(names, () => "1790000000000-1");
		const at = chance.below(text.length);
		return text.slice(0, at) + chance.oneOf("0Az~.-!") + text.slice(at + 1);
	},
	"of the greatest length": (chance) => chance.oneOf(".-~0z").repeat(4_864),
	"too long": (chance) => chance.oneOf(".-~0z").repeat(13_000),
	"of entries without end": (chance) =>
		(["0.", ".~", "z-", "~-."][chance.below(4)] ?? "").repeat(2_400),
	"of bytes past ASCII": (chance) => chance.oneOf("\x80\xff\xe4").repeat(2_000),
};

const targets: Readonly<Record<string, (chance: Chance) => string>> = {
	"a name that is too long": () => `/stream?channel=${"a".repeat(14_000)}`,
	"too many channels": () => `/stream?${"channel=a&".repeat(1_400)}`,
	"the same name 32 times": () => `/stream?${"channel=the.same.room&".repeat(most)}`,
	"bytes that are no UTF-8": (chance) =>
		`/stream?${times(most, (at) => `channel=${"%FF%C0%80%ED%A0%80"}${at}${chance.below(99)}`).join("&")}`,
	"a query of separators": (chance) => `/stream?${chance.oneOf("&=%+?;").repeat(14_000)}`,
	"a path of dots and slashes": (chance) =>
		(["/..", "/%2e", "//", "/./", "/stream%2f"][chance.below(5)] ?? "").repeat(1_200),
	"a letter of the path encoded": () => `/%73tream?${"channel=a&".repeat(1_000)}`,
};

const headers: Readonly<Record<string, (chance: Chance) => string>> = {
	"as many as the host takes": () => times(1_400, (at) => `h${at % 999}: 1\r\n`).join(""),
	"one repeated": () => "Last-Event-ID: 1-1\r\n".repeat(700),
	"a cookie of separators": (chance) => `Cookie: ${chance.oneOf(";=, ").repeat(14_000)}x\r\n`,
	"a long Accept list": () => `Accept: ${"*/*;q=0.1,".repeat(1_400)}\r\n`,
	"a long Connection list": () => `Connection: ${"close,".repeat(2_300)}\r\n`,
	"a long Forwarded list": () => `X-Forwarded-For: ${"::1,".repeat(3_500)}\r\nForwarded: for=x\r\n`,
	"a token of dots": (chance) => `Authorization: Bearer ${chance.oneOf(".=a ").repeat(14_000)}\r\n`,
	"an origin without end": () => `Origin: https://${"a.".repeat(7_000)}example\r\n`,
};

const hosts: readonly string[] = [
	"a.".repeat(7_000),
	"[".repeat(14_000),
	`[${":".repeat(14_000)}]`,
	`localhost${".".repeat(14_000)}`,
	"%".repeat(14_000),
	"1".repeat(14_000),
	`${"x@".repeat(7_000)}localhost`,
];

/** Kinds of hostile stream requests, each of which is made many times. */
export const hostileStreams: Readonly<Record<string, (chance: Chance, run: number) => Exchange>> = {
	...named("names: ", hostileNames, (names, chance) => {
		return streamed(get({ target: `/stream?${queryOf(names(chance))}` }));
	}),
	...named("cursors: ", hostileCursors, (make, chance, run) => {
		const names = plainNames(
			run,
			times(run % 2 === 0 ? most : 1, () => 12),
		);
		return streamed(withCursor(names, make(chance, names), chance.below(2) === 0));
	}),
	...named("targets: ", targets, (make, chance) => streamed(get({ target: make(chance) }))),
	...named("headers: ", headers, (make, chance, run) => {
		const names = plainNames(
			run,
			times(2, () => 12),
		);
		return streamed(get({ target: `/stream?${queryOf(names)}`, headers: make(chance) }));
	}),
	"headers: hosts": (chance) => {
		const host = hosts[chance.below(hosts.length)];
		return streamed(`GET /stream HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
	},
};

/** Each kind under its full name. */
function named<Make>(
	prefix: string,
	kinds: Readonly<Record<string, Make>>,
	make: (kind: Make, chance: Chance, run: number) => Exchange,
): Record<string, (chance: Chance, run: number) => Exchange> {
	return Object.fromEntries(
		Object.entries(kinds).map(([name, kind]) => [
			prefix + name,
			(chance: Chance, run: number) => make(kind, chance, run),
		]),
	);
}

/** This many stream requests at once on one connection, which the hub closes. */
export function pipelinedStreams(count: number): Exchange {
	return { bytes: Buffer.from(get({ target: "/stream" }).repeat(count)), until: "closed" };
}

/** As many requests that each get an answer. */
export function pipelinedAnswers(count: number): Exchange {
	return {
		bytes: Buffer.from(get({ target: "/healthz" }).repeat(count)),
		until: { answers: count },
	};
}
