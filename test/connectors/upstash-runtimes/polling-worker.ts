import { polled } from "./polling.ts";

export default {
	async fetch(_: Request, env: Record<string, string>): Promise<Response> {
		const { UPSTASH_URL = "", UPSTASH_TOKEN = "", CHANNEL = "" } = env;
		return Response.json(await polled(UPSTASH_URL, UPSTASH_TOKEN, CHANNEL));
	},
};
