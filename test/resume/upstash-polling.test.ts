import { beforeAll, describe } from "vitest";
import { polling, upstash } from "../../src/connectors/upstash.ts";
import { useUpstash } from "../support/upstash-bed.ts";
import { gaps } from "./suite/gaps.ts";
import { resuming } from "./suite/resuming.ts";
import { severalChannels } from "./suite/several-channels.ts";
import { starting } from "./suite/starting.ts";
import { upstreamLoss } from "./upstream-loss.ts";

// Publishing and reading the history are the same as with streams: see upstash.test.ts.
const bed = useUpstash();
beforeAll(() => bed.gateway.fault({ to: "subscribe", status: 400 }));

function connect(history: object) {
	const connector = upstash({
		url: bed.gateway.url,
		token: bed.gateway.token,
		timeout: 10_000,
		maxBackoff: 500,
		history,
		fallback: polling({ interval: 10, maxInterval: 20 }),
	});
	const subscribe = connector.subscribe.bind(connector);
	// The suite checks everything that `onError` is told. Here that includes the polling, which is no loss.
	connector.subscribe = (channel, handlers) =>
		subscribe(channel, {
			onMessage: (payload) => handlers.onMessage(payload),
			onLost: (error) => handlers.onLost(error),
			onRestored: () => handlers.onRestored(),
			onEnd: (error) => handlers.onEnd(error),
		});
	return connector;
}

const broker = {
	connect,
	foreign: async (_: unknown, channel: string, payload: string) =>
		void (await bed.server.command("PUBLISH", channel, payload)),
	shared: true,
	polled: true as const,
	wipe: async () => void (await bed.server.command("FLUSHALL")),
	reads: async () => 0,
	commands: async () => bed.gateway.commands,
};

describe("resume: upstash, polling", () => {
	describe("coming back", () => resuming(broker));
	describe("several channels", () => severalChannels(broker));
	describe("beginning", () => starting(broker));
	describe("gaps", () => gaps(broker));
});
upstreamLoss("upstash, polling", broker, {
	stop: () => bed.gateway.stop(),
	start: () => bed.gateway.start(),
	kick: async () => undefined,
});
