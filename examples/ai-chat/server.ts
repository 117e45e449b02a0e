import { readFile } from "node:fs/promises";
import { serve } from "@hono/node-server";
import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { Runs } from "edge-sse/runs";
import { build } from "esbuild";
import { chatRoutes } from "./chat.ts";

// For several processes: redis(url, { history: {} }) from "edge-sse/redis", and nothing else changes.
const sse = new ServerSentEvents({ connector: memory({ history: {} }) });
const app = chatRoutes(new Runs(sse));

// The page. Your bundler does this before, and better.
const html = await readFile(new URL("index.html", import.meta.url), "utf8");
const { outputFiles } = await build({
	entryPoints: [new URL("page.tsx", import.meta.url).pathname],
	bundle: true,
	write: false,
	format: "esm",
	jsx: "automatic",
	minify: true,
	define: { "process.env.NODE_ENV": '"production"' },
});
app.get("/chat/:id", (c) => c.html(html));
app.get("/page.js", (c) => {
	c.header("content-type", "text/javascript");
	return c.body(outputFiles[0]?.text ?? "");
});

const port = Number(process.env.PORT ?? 8787);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () =>
	console.log(`Listening on http://127.0.0.1:${port}`),
);
