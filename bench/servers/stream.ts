/**
 * Control: the least code that streams from a fetch handler. Each client has a `ReadableStream`, and all get the same
 * bytes. `stream.ts <host>`.
 */
import { Channels, channelOf, frameBytes, headers, opening } from "./channels.ts";
import { serveFetch } from "./hosts.ts";

type Controller = ReadableStreamDefaultController<Uint8Array>;

const channels = new Channels<Controller>((controllers, data) => {
	const bytes = frameBytes(data);
	for (const controller of controllers) controller.enqueue(bytes);
});

await serveFetch(process.argv[2], async (request) => {
	if (request.method === "POST") {
		channels.publish(await request.text());
		return new Response(null, { status: 204 });
	}
	const channel = channelOf(request.url);
	await channels.subscribed(channel);
	let leave: () => void;
	const body = new ReadableStream<Uint8Array>({
		start(controller) {
			controller.enqueue(opening);
			leave = channels.join(channel, controller);
		},
		cancel: () => leave(),
	});
	return new Response(body, { headers });
});
