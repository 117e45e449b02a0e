import { beforeAll, describe } from "vitest";
import { polling, upstash } from "../../src/connectors/upstash.ts";
import { useUpstash } from "../support/upstash-fixture.ts";
import { gaps } from "./suite/gaps.ts";
import { resuming } from "./suite/resuming.ts";
import { severalChannels } from "./suite/several-channels.ts";
import { starting } from "./suite/starting.ts";
import { upstreamLoss } from "./upstream-loss.ts";

// Publishing and reading the history are the same as with streams: see upstash.test.ts.
const fixture = useUpstash();
beforeAll(() => fixture.gateway.fault({ to: "subscribe", status: 400 }));

function connect(history: object) {
	const connector = upstash({
		url: fixture.gateway.url,
		token: fixture.gateway.token,
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
		void (await fixture.server.command("PUBLISH", channel, payload)),
	shared: true,
	polled: true as const,
	wipe: async () => void (await fixture.server.command("FLUSHALL")),
	reads: async () => 0,
	commands: async () => fixture.gateway.commands,
};

describe("resume: upstash, polling", () => {
	describe("coming back", () => resuming(broker));
	describe("several channels", () => severalChannels(broker));
	describe("beginning", () => starting(broker));
	describe("gaps", () => gaps(broker));
});
upstreamLoss("upstash, polling", broker, {
	stop: () => fixture.gateway.stop(),
	start: () => fixture.gateway.start(),
	kick: async () => undefined,
});
