import { readFile } from "node:fs/promises";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { runs } from "./runs.ts";

const page = await readFile(new URL("index.html", import.meta.url), "utf8");
const app = new Hono();

app.get("/:id", (c) => c.html(page));

// `told`: the last event says how it ended.
app.get("/:id/events", (c) => runs.stream(c.req.raw, c.req.param("id"), { format: "told" }));

app.post("/:id/stop", (c) =>
	runs.cancelRequest(c.req.raw, c.req.param("id"), { reason: "stopped by a viewer" }),
);

const port = Number(process.env.PORT ?? 8787);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () =>
	console.log(`Listening on http://127.0.0.1:${port}`),
);
