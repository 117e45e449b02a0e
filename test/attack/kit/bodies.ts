import { version, versionHeader } from "../../../src/relay/protocol.ts";
import { type Chance, times } from "./chance.ts";
import type { Exchange } from "./wire.ts";

/** Bodies of `POST /publish`: from an honest publisher, and from a stranger. */

const json = "HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const head = `POST /publish ${json}`;
const answered = { answers: 1 };

/** The head of a relay's request: the version, and a token that is not the hub's. */
export const relayHead = `POST /relay ${json}${versionHeader}: ${version}\r\nAuthorization: Bearer wrong\r\n`;

export function whole(body: string, until: Exchange["until"] = answered, start = head): Exchange {
	const bytes = Buffer.from(body);
	const length = `Content-Length: ${bytes.length}\r\n\r\n`;
	return { bytes: Buffer.concat([Buffer.from(start + length), bytes]), until };
}

/** In chunks of this many bytes. */
export function chunked(body: string, size: number, until: Exchange["until"] = answered): Exchange {
	const parts = times(Math.ceil(body.length / size), (at) =>
		body.slice(at * size, (at + 1) * size),
	);
	const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
	const end = until === "broken" ? "" : "0\r\n\r\n";
	return { bytes: Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}${end}`), until };
}

/** A message of this many bytes. */
export function honestBody(bytes: number): string {
	const rest = '{"channel":"news","data":""}'.length;
	return `{"channel":"news","data":"${"word ".repeat(bytes / 5).slice(0, Math.max(0, bytes - rest))}"}`;
}

const size = 40_000;

/** Texts of about 40 kB. */
export const hostileBodies: Readonly<Record<string, (chance: Chance) => string>> = {
	"arrays in arrays": (chance) => "[".repeat(size - chance.below(9)),
	"objects in objects": () => '{"data":'.repeat(size / 8),
	"arrays in arrays, closed": () => `{"data":${"[".repeat(size / 2)}${"]".repeat(size / 2)}}`,
	"the greatest allowed depth, repeated": () =>
		`{"channel":"news","data":[${times(size / 122, () => "[".repeat(60) + "]".repeat(60))}]}`,
	backslashes: () => `{"channel":"news","data":"${"\\\\".repeat(size / 2)}"}`,
	quotes: () => `{"channel":"news","data":"${'\\"'.repeat(size / 2)}"}`,
	"a string that never ends": (chance) => `{"data":"${chance.oneOf("\\a ").repeat(size)}`,
	"escapes of controls": () => `{"channel":"news","data":"${"\\u0000".repeat(size / 6)}"}`,
	"line ends": (chance) =>
		`{"channel":"news","data":"${(chance.below(2) ? "\\n" : "\\r").repeat(size / 2)}"}`,
	"repeated data fields": () => `{"channel":"news",${times(size / 9, () => '"data":1').join()}}`,
	"unknown fields": () => `{"data":1,${times(size / 10, (at) => `"f${at}":1`).join()}}`,
	"keys in the data": () =>
		`{"channel":"news","data":{${times(size / 11, (at) => `"${at}":[]`).join()}}}`,
	digits: () => `{"channel":"news","data":${"9".repeat(size)}}`,
	spaces: () => `{"channel":"news","data":${" ".repeat(size)}1}`,
	"a type without end": () => `{"data":1,"type":"${"a".repeat(size)}"}`,
	"an id without end": () => `{"data":1,"id":"${"a".repeat(size)}"}`,
	"a channel without end": () => `{"data":1,"channel":"${"{".repeat(size)}"}`,
	"objects that are no messages": () => `[${times(size / 3, () => "{}").join()}]`,
	"no JSON": (chance) => times(size, () => chance.oneOf('[]{},:"a1\\')).join(""),
};
