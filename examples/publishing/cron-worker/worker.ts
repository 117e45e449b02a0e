import { publish, upstash } from "edge-sse/publish";

// Reads UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN. A publish that fails fails the run, and
// Cloudflare's log of cron events says so.
export default {
	async scheduled(controller) {
		const at = new Date(controller.scheduledTime).toISOString();
		await publish(upstash(), { at }, { type: "tick" });
	},
} satisfies ExportedHandler;
