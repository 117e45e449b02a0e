import assert from "node:assert/strict";

/** All headers that the hub's answers may have, with their values. */
const harmless: Record<string, RegExp> = {
	"content-type": /^(text\/event-stream|application\/json)$/,
	"cache-control": /^(no-cache, no-transform|no-store)$/,
	"x-accel-buffering": /^no$/,
	"content-length": /^\d+$/,
	"transfer-encoding": /^chunked$/,
	connection: /^(keep-alive|close)$/,
	"keep-alive": /^timeout=\d+$/,
	date: /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
};

export function assertHarmlessHead(headers: Headers): void {
	for (const [name, value] of headers) assert.match(value, harmless[name] ?? /^$/, name);
}
