import type { ChannelStub } from "../../../src/durable-object/connector.ts";

/** A stream as an object holds it; the signal that comes with its request cancels it. */
function objectStream(signal: AbortSignal | undefined) {
	let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
	let cancelled = false;
	const body = new ReadableStream<Uint8Array>({
		start: (started) => {
			controller = started;
		},
		cancel: () => {
			cancelled = true;
		},
	});
	signal?.addEventListener("abort", () => {
		cancelled = true;
		controller?.error(signal.reason);
	});
	return {
		body,
		say: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
		end: () => controller?.close(),
		get cancelled() {
			return cancelled;
		},
	};
}

/** A namespace whose objects do as the test says; `streams` are the ones opened so far. */
export function namespace(answers: Partial<ChannelStub> = {}) {
	const streams: ReturnType<typeof objectStream>[] = [];
	const stub: ChannelStub = {
		publish: async () => ({ receivers: 1 }),
		publishAll: async (_, messages) => ({ outcomes: messages.map(() => ({ receivers: 1 })) }),
		forget: async () => ({ done: true }),
		read: async () => ({ covered: true, messages: [], more: false }),
		head: async () => ({ id: "1-0" }),
		fetch: async (_, init) => {
			const stream = objectStream(init?.signal);
			streams.push(stream);
			return new Response(stream.body);
		},
		...answers,
	};
	return { idFromName: (name: string) => name, get: () => stub, stub, streams };
}
