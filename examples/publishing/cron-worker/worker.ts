import { sse } from "edge-sse";

// Reads UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN. A publish that fails fails the run, and
// Cloudflare's log of cron events says so.
export default {
	async scheduled(controller) {
		const at = new Date(controller.scheduledTime).toISOString();
		await sse.publish({ at }, { type: "tick" });
	},
} satisfies ExportedHandler;
