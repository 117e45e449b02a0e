/** Code that snippets need when they run. For the compiler see given.ts. */

/** For a page: relative addresses are those of `PAGE`, and `QUERY` is appended to a stream's. */
export const page = `
import { EventSource as Source } from "eventsource";
const absolute = (url) => new URL(url, process.env.PAGE);
globalThis.EventSource = class extends Source {
	constructor(url) { super(absolute(url) + (process.env.QUERY ?? "")); }
};
const load = globalThis.fetch;
globalThis.fetch = (url) => load(absolute(url));
`;

/** For a server's file: the lines before the snippet. */
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

/** For the end of a server's file: gets a route's answer and the first event of a stream. */
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
