import { once } from "node:events";
import { createServer, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import type { Context, LambdaFunctionURLEvent, StreamifyHandler } from "aws-lambda";

/**
 * A stand-in for Lambda's Node runtime and a function URL, as far as a streaming handler can tell, over HTTP:
 * `node lambda.ts <bundle> <ms that the function may take>`.
 */

type Metadata = { statusCode: number; headers: Record<string, string> };

Object.assign(globalThis, {
	awslambda: {
		streamifyResponse: <Handler>(handler: Handler) => handler,
		HttpResponseStream: {
			from(out: unknown, { statusCode, headers }: Metadata) {
				if (!(out instanceof ServerResponse)) throw new Error("Not the stream that was handed in.");
				out.writeHead(statusCode, headers).flushHeaders();
				return out;
			},
		},
	},
});

const [, , bundle = "", timeout = ""] = process.argv;
const { handler } = (await import(pathToFileURL(bundle).href)) as {
	handler: StreamifyHandler<LambdaFunctionURLEvent>;
};

const server = createServer((request, response) => {
	const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
	const event = {
		rawPath: pathname,
		rawQueryString: searchParams.toString(),
		headers: request.headers,
		requestContext: { domainName: "abc.lambda-url.example", http: { method: request.method } },
	} as unknown as LambdaFunctionURLEvent;
	const deadline = Date.now() + Number(timeout);
	const context = { getRemainingTimeInMillis: () => deadline - Date.now() } as Context;
	const out = response as unknown as awslambda.HttpResponseStream;
	Promise.resolve(handler(event, out, context)).catch((error: unknown) => {
		console.log(`The handler failed: ${error}`);
	});
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
