import { onTestFinished } from "vitest";
import type { ServerSentEvents } from "../../src/exports.ts";

export const perClient = { key: (request: Request) => request.headers.get("x-user") };

/** The stream of a request: its text, and whether it has ended. */
export async function open(sse: ServerSentEvents, query: string, user?: string) {
	const headers = user === undefined ? {} : { "x-user": user };
	const response = await sse.fetch(new Request(`http://localhost/?${query}`, { headers }));
	const stream = { status: response.status, text: "", isOver: false, over: Promise.resolve() };
	const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
	onTestFinished(() => reader?.cancel().catch(() => undefined));
	const begun = Promise.withResolvers<void>();
	stream.over = (async () => {
		for (;;) {
			const step = await reader?.read();
			begun.resolve();
			if (step === undefined || step.done) break;
			stream.text += step.value;
		}
		stream.isOver = true;
	})();
	await begun.promise;
	return stream;
}
