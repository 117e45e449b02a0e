import { pathToFileURL } from "node:url";
import { serve } from "srvx";

/** Serves functions that take a Request, on Node and on Deno: `functions.ts /path=file …` */

type Handler = (request: Request) => Response | Promise<Response>;

const functions = new Map<string, Handler>();
for (const argument of process.argv.slice(2)) {
	const [path = "", file = ""] = argument.split("=");
	const { default: handler } = (await import(pathToFileURL(file).href)) as { default: Handler };
	functions.set(path, handler);
}

const server = serve({
	port: 0,
	hostname: "127.0.0.1",
	silent: true,
	fetch: ({ url, method, headers, signal }) => {
		const handler = functions.get(new URL(url).pathname);
		// A plain Request, because the functions' hosts pass nothing of Node.
		const request = new Request(url, { method, headers, signal });
		return handler?.(request) ?? new Response("Not found\n", { status: 404 });
	},
});
await server.ready();
console.log(`Listening on ${server.url}`);
