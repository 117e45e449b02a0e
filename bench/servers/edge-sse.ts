/** edge-sse as a bare fetch handler, and a route to publish. `edge-sse.ts <host>`. */
import { memory } from "../../src/connectors/memory.ts";
import { redis } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { serveFetch } from "./hosts.ts";

const url = process.env.BENCH_REDIS;
const maxLength = Number(process.env.SSE_HISTORY_LENGTH);
const history = maxLength > 0 ? { maxLength } : undefined;
const keepAlive = Number(process.env.SSE_KEEP_ALIVE ?? 8_000);

const sse = new ServerSentEvents({
	connector: url === undefined ? memory({ history }) : redis(url, { history }),
	keepAlive,
});

await serveFetch(process.argv[2], async (request, host) => {
	if (request.url.endsWith("/healthz")) return new Response("ok");
	if (request.method !== "POST") return sse.fetch(request, host);
	const { data, channel } = (await request.json()) as { data: string; channel: string };
	return Response.json(await sse.publish(data, { channel }));
});
