// What `npx wrangler types` would write for this wrangler.toml.
declare namespace Cloudflare {
	interface Env {
		SSE: DurableObjectNamespace<import("edge-sse/durable-object").SseChannel>;
	}
}
