/** What snippets take for granted when they run; for the compiler that is in given.ts. */

/** A page: relative addresses are `PAGE`'s, with `QUERY` behind a stream's. */
export const page = `
import { EventSource as Source } from "eventsource";
const absolute = (url) => new URL(url, process.env.PAGE);
globalThis.EventSource = class extends Source {
	constructor(url) { super(absolute(url) + (process.env.QUERY ?? "")); }
};
const load = globalThis.fetch;
globalThis.fetch = (url) => load(absolute(url));
`;

/** A server's file, up to where the snippet begins. */
export const server = `
import { Hono } from "hono";
import { memory } from "edge-sse/memory";
const app = new Hono();
const connector = memory();
`;

export const withClass = `${server}
import { ServerSentEvents } from "edge-sse";
`;

export const withInstance = `${withClass}
const sse = new ServerSentEvents({ connector });
`;

/** For the end of a server's file: what a route answers, and the first event of a stream. */
export const requests = `
async function get(path, init) {
	const { status, headers, body } = await app.request(path, init);
	return { status, headers, body };
}
async function event({ body }) {
	let text = "";
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	while (!text.includes("data:")) text += (await reader.read()).value;
	await reader.cancel();
	return text.slice(text.indexOf("event:"));
}
`;
