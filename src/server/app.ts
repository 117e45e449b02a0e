import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ConfigurationError } from "../errors.ts";
import type { ServerSentEvents } from "../sse.ts";
import { publishAccess } from "./access.ts";
import { page } from "./page.ts";
import { publish } from "./publish.ts";

export interface AppOptions {
	sse: ServerSentEvents;
	publishToken: string | undefined;
	/** The address that the server listens on; undefined where only the request's URL tells. */
	listensOn: string | undefined;
}

const maxBodyBytes = 1_048_576;

/** The deployable hub: one app, the same on every runtime. */
export function createApp({ sse, publishToken, listensOn }: AppOptions): Hono {
	const app = new Hono();

	app.get("/", (c) => {
		const nonce = crypto.randomUUID();
		c.header(
			"content-security-policy",
			`default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; ` +
				"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		);
		c.header("cache-control", "no-store");
		return c.html(page({ nonce }));
	});

	// Hono's env is what the runtime gave its fetch handler: the stream finds Bun's server there.
	app.all("/stream", (c) => sse.fetch(c.req.raw, c.env));

	app.post(
		"/publish",
		publishAccess(publishToken, listensOn),
		bodyLimit({
			maxSize: maxBodyBytes,
			onError: (c) => c.json({ error: `The body is over ${maxBodyBytes} bytes.` }, 413),
		}),
		(c) => publish(c, sse),
	);
	app.all("/publish", (c) => c.json({ error: "Publish with POST." }, 405, { allow: "POST" }));

	app.get("/healthz", (c) => {
		const { name, stream } = sse.connector;
		// Streams that the broker makes itself are not this process's to count.
		return c.json({ connector: name, ...(stream === undefined ? sse.stats() : {}) });
	});

	app.notFound((c) => c.json({ error: "Not found." }, 404));

	app.onError((error, c) => {
		console.error("edge-sse:", error);
		// It says which variable to set, and holds no value of any.
		if (error instanceof ConfigurationError) return c.json({ error: error.message }, 503);
		return c.json({ error: "Internal error." }, 500);
	});

	return app;
}
