import { after, before, describe, test } from "node:test";
import { connectorContract } from "edge-sse/testing";
import { nats } from "./nats.ts";
import { startNats, token } from "./server.ts";

let server: Awaited<ReturnType<typeof startNats>>;
before(async () => {
	server = await startNats();
});
after(() => server.stop());

const timeout = 1_500;

connectorContract(
	"nats",
	{
		connect: () => nats(server.url, { token, timeout }),
		timeout,
		broker: {
			stop: () => server.stop(),
			start: () => server.start(),
			pause: () => server.pause(),
			resume: () => server.resume(),
			numsub: (channel) => server.numsub(channel),
			clients: () => server.clients(),
			publishes: () => server.publishes(),
		},
		refused: () => nats(server.url, { token: "wr0ng", timeout }),
		secrets: [token, "wr0ng"],
		lacks: {
			receivers: "NATS does not tell a publisher who received a message",
			borrow: "it opens its connection itself",
			history: "NATS keeps no messages; JetStream would be another connector",
		},
	},
	{ describe, test },
);
