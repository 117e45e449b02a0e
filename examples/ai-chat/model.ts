import { setTimeout } from "node:timers/promises";
import { MockLanguageModelV4 } from "ai/test";

/** In the place of a provider's model. It counts, twenty numbers a second, until its signal aborts. */
export const model = new MockLanguageModelV4({
	doStream: async ({ prompt, abortSignal: signal }) => {
		const question = JSON.stringify(prompt.at(-1)?.content);
		const [number = "100"] = /\d+/.exec(question) ?? [];
		const limit = Math.min(Number(number), 1_000);
		signal?.addEventListener("abort", () => console.log("The model has stopped."));
		return {
			stream: new ReadableStream({
				async start(controller) {
					controller.enqueue({ type: "text-start", id: "1" });
					for (let n = 1; n <= limit; n++) {
						controller.enqueue({ type: "text-delta", id: "1", delta: `${n} ` });
						await setTimeout(50, undefined, { signal });
					}
					controller.enqueue({ type: "text-end", id: "1" });
					controller.enqueue({ type: "finish", finishReason, usage });
					controller.close();
				},
			}),
		};
	},
});

const finishReason = { unified: "stop", raw: "stop" } as const;
const none = undefined;
const usage = {
	inputTokens: { total: none, noCache: none, cacheRead: none, cacheWrite: none },
	outputTokens: { total: none, text: none, reasoning: none },
};
