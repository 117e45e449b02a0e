/** Control: Bun's direct stream, which leaves out the queue between the stream and the socket. */
import { Channels, channelOf, frameBytes, headers, opening } from "./channels.ts";
import { serveFetch } from "./hosts.ts";

// https://bun.com/docs/runtime/streams#direct-readablestream
interface DirectController {
	write(bytes: Uint8Array): number;
	flush(): number;
}

const channels = new Channels<DirectController>((controllers, data) => {
	const bytes = frameBytes(data);
	for (const controller of controllers) {
		controller.write(bytes);
		controller.flush();
	}
});

await serveFetch("bun", async (request) => {
	if (request.method === "POST") {
		channels.publish(await request.text());
		return new Response(null, { status: 204 });
	}
	const channel = channelOf(request.url);
	await channels.subscribed(channel);
	const source = {
		type: "direct",
		async pull(controller: DirectController) {
			controller.write(opening);
			controller.flush();
			const leave = channels.join(channel, controller);
			// The stream lasts as long as this promise.
			await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
			leave();
		},
	};
	return new Response(new ReadableStream(source as unknown as UnderlyingDefaultSource), {
		headers,
	});
});
