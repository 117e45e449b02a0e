import { Hono } from "hono";
import { cors } from "hono/cors";
import type { AuthorizePublish } from "../auth.ts";
import { ConfigurationError } from "../core/errors.ts";
import type { CorsOptions } from "../core/request/cors.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import type { Presence } from "../presence.ts";
import type { RelayHandler } from "../relay.ts";
import { metricsAccess, type PublishEnv, publishAccess } from "./access.ts";
import { describeChannel, forgetChannel } from "./channel.ts";
import { healthCheck } from "./health.ts";
import { logFailure } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { noCounts, Overview, showOverview } from "./overview.ts";
import { page } from "./page.ts";
import { disconnect, disconnectBody, listMembers } from "./presence.ts";
import { publish, refusalOf } from "./publish.ts";
import type { Publishing } from "./publishing.ts";
import { notFound, pathOf } from "./request-filter.ts";
import { listRights, rightRefusal } from "./rights.ts";
import { type HubRuns, streamRun } from "./run.ts";
import { alone, type Whole } from "./whole.ts";

export interface AppOptions {
	sse: ServerSentEvents;
	publishing: Publishing;
	/**
	 * Asks whether a signed token may publish to a channel. Undefined: there are no signed
	 * tokens.
	 */
	authorizePublish: AuthorizePublish | undefined;
	cors: CorsOptions | undefined;
	/** Undefined on Workers, where isolates come and go with their counts. */
	metrics: Metrics | undefined;
	metricsToken: string | undefined;
	/** Counts over all processes of the hub. Undefined: this is the only one. */
	whole?: Whole | undefined;
	/** Answers hubs that relay this one. Undefined: none may. */
	relays?: RelayHandler | undefined;
	/** These two ask about signed tokens. Undefined: there are none. */
	authorizeDisconnect?: AuthorizePublish | undefined;
	authorizeMembers?: AuthorizePublish | undefined;
	/** Undefined where members are not counted. */
	presence?: Presence | undefined;
	/** Undefined where no runs are streamed. */
	runs: HubRuns | undefined;
}

/** The deployable hub: one app, the same on every runtime. */
export function createApp(options: AppOptions): Hono<PublishEnv> {
	const { sse, publishing, authorizePublish, metrics, runs, whole = alone(sse) } = options;
	const app = new Hono<PublishEnv>({ getPath: ({ url }) => pathOf(url) });
	if (options.cors !== undefined) app.use("*", cors(honoCors(options.cors)));

	app.get("/", (c) => {
		const nonce = crypto.randomUUID();
		c.header(
			"content-security-policy",
			`default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; ` +
				"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		);
		c.header("cache-control", "no-store");
		const presence = options.presence !== undefined;
		return c.html(page({ nonce, publishing: publishing.by, runs: runs?.prefix, presence }));
	});

	// Hono's env is what the runtime passed to its fetch handler. The stream finds Bun's server
	// there.
	app.all("/stream", (c) => sse.fetch(c.req.raw, c.env));

	app.get("/run", (c) => streamRun(c, sse, runs));

	app.post("/publish", publishAccess(publishing), (c) => publish(c, sse, authorizePublish));
	app.all("/publish", (c) => c.json({ error: "Publish with POST." }, 405, { allow: "POST" }));

	app.get("/channel", (c) => describeChannel(c, sse, whole));
	app.delete("/channel", publishAccess(publishing), async (c) => {
		const names = [c.req.query("name") ?? ""];
		const refusal = c.var.mayPublish ? undefined : await refusalOf(c, authorizePublish, names);
		return refusal ?? forgetChannel(c, sse);
	});

	app.get("/channel/members", async (c) => {
		const name = c.req.query("name") ?? "";
		const refusal = await rightRefusal(c, publishing, options.authorizeMembers, [name]);
		return refusal ?? listMembers(c, options.presence, name);
	});

	const overview = metrics && new Overview(sse, options.presence, whole);
	app.get("/channels", async (c) => {
		// The answer has names of channels, so the token must cover all of them.
		const refusal = await rightRefusal(c, publishing, options.authorizeMembers, ["*"]);
		return refusal ?? showOverview(c, overview);
	});

	app.get("/rights", (c) =>
		listRights(c, publishing, options.authorizeMembers, overview !== undefined),
	);

	app.post("/disconnect", async (c) => {
		const may = (channels: readonly string[]) =>
			rightRefusal(c, publishing, options.authorizeDisconnect, channels);
		// Asked before the body is read, which may be a megabyte.
		const stranger = await may([]);
		if (stranger !== undefined) return stranger;
		const body = await disconnectBody(c);
		if (body instanceof Response) return body;
		// A body without a channel means all channels of the client.
		const refusal = await may([typeof body.channel === "string" ? body.channel : "*"]);
		return refusal ?? disconnect(c, sse, body);
	});

	app.all("/relay", async (c) => {
		const answer = await options.relays?.fetch(c.req.raw);
		return answer ?? c.json({ error: noRelays }, 404);
	});

	// A process that answers is alive, even while its broker is away: a restart would only
	// disconnect its clients.
	app.get("/livez", (c) => c.json({ status: "alive" }, 200, { "cache-control": "no-store" }));
	const isReady = healthCheck(sse, whole);
	app.get("/readyz", isReady);
	app.get("/healthz", isReady);

	app.get("/metrics", metricsAccess(options.metricsToken), async (c) => {
		if (metrics !== undefined) {
			return c.text(await metrics.read(), 200, { "content-type": metrics.contentType });
		}
		return c.json({ error: noCounts }, 404);
	});

	app.notFound((c) => c.json({ error: notFound.error }, 404));

	app.onError((error, c) => {
		logFailure("request", error);
		// The message says which variable to set, and holds no value.
		if (error instanceof ConfigurationError) return c.json({ error: error.message }, 503);
		return c.json({ error: "Internal error." }, 500);
	});

	return app;
}

const noRelays = "Relaying is off: set SSE_RELAY_TOKEN.";

/** Hono wants mutable lists. */
function honoCors({ origin, credentials = false }: CorsOptions) {
	return {
		origin: typeof origin === "string" || typeof origin === "function" ? origin : [...origin],
		credentials,
	};
}
