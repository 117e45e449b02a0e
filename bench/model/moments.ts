/** The moments that are simulated: a deploy and a crash of a hub, and the broker's failover. */
import { chromium, comeback, told } from "./comeback.ts";
import { costs } from "./inputs.ts";
import { outage } from "./outage.ts";

export function moments() {
	const endings = [
		{ what: "deploy, drained over 5 s", drain: 5_000, wait: told },
		{ what: "deploy, drained over 60 s", drain: 60_000, wait: told },
		{ what: "crash, `edge-sse/client`", drain: 0, wait: told },
		{ what: "crash, Chromium's `EventSource`", drain: 0, wait: chromium },
	];
	const deploys = endings.flatMap(({ what, drain, wait }) =>
		[10_000, 25_000, 50_000].map((clients) => {
			const load = { clients, drain, wait, underWay: costs.underWayMs };
			return { what, clients, result: comeback(load, costs) };
		}),
	);
	const brokers = [
		{ what: "one channel, 10 million viewers", hubs: 200, channels: 1, nodes: 1 },
		{ what: "a channel each, 10,000 viewers", hubs: 1, channels: 10_000, nodes: 1 },
		{ what: "a channel each, 1 million", hubs: 20, channels: 50_000, nodes: 1 },
		{ what: "the same, a Cluster", hubs: 20, channels: 50_000, nodes: 3 },
		{ what: "a channel each, 10 million, a Cluster", hubs: 200, channels: 50_000, nodes: 12 },
	];
	const outages = brokers.map((broker) => {
		const load = { ...broker, away: 2_000, roundTrip: costs.roundTripMs };
		return { ...broker, result: outage(load, costs) };
	});
	return { deploys, outages };
}

/** Over how long a hub should end its clients' streams, in s, so that the next hub keeps half of its core. */
export const drainOf = (clients: number) => (clients * costs.connectUs) / costs.busy / 1e6;
