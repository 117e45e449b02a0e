// As `wrangler types` would write it.
declare namespace Cloudflare {
	interface Env {
		UPSTASH_REDIS_REST_URL: string;
		UPSTASH_REDIS_REST_TOKEN: string;
	}
}
