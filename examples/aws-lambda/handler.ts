import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Context, LambdaFunctionURLEvent } from "aws-lambda";
import { ServerSentEvents } from "edge-sse";
import { upstash } from "edge-sse/upstash";

// Lambda freezes the process between two requests: no subscription may outlive its stream.
const sse = new ServerSentEvents({ connector: () => upstash({ history: {} }), linger: 0 });

async function answer(request: Request, context: Context): Promise<Response> {
	const { pathname } = new URL(request.url);
	if (pathname === "/stream") {
		// Ended in good order before Lambda would break it; the client comes back for the rest.
		const expires = Date.now() + context.getRemainingTimeInMillis() - 2_000;
		return sse.stream(request, { expires });
	}
	if (pathname === "/hello" && request.method === "POST") {
		await sse.publish({ message: "Hello!" }, { type: "greeting" });
		return new Response("Message sent!\n");
	}
	return new Response("Not found\n", { status: 404 });
}

export const handler = awslambda.streamifyResponse<LambdaFunctionURLEvent>(
	async (event, out, context) => {
		const { domainName, http } = event.requestContext;
		const url = new URL(`https://${domainName}${event.rawPath}?${event.rawQueryString}`);
		const headers = new Headers(Object.entries(event.headers).map(([k, v]) => [k, v ?? ""]));
		const request = new Request(url, { method: http.method, headers });
		const response = await answer(request, context).catch((error: unknown) => {
			console.error(error);
			return new Response("Internal Server Error\n", { status: 500 });
		});
		const metadata = { statusCode: response.status, headers: Object.fromEntries(response.headers) };
		const body = Readable.from(response.body ?? []);
		await pipeline(body, awslambda.HttpResponseStream.from(out, metadata));
	},
);
