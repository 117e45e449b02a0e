/** What a load needs, by the way that carries it: processes, memory, egress, cost, and the limit that it reaches first. */

import { costs as dollarsOfObjects } from "../../scripts/costs/costs.ts";
import prices from "../../scripts/costs/prices.json" with { type: "json" };
import { costs } from "./inputs.ts";
import { dollarsOfEgress, dollarsOfMachines } from "./money.ts";

export interface Load {
	viewers: number;
	/** How many viewers a channel has. */
	perChannel: number;
	/** The time between two messages of a channel, in seconds. */
	every: number;
}

/** A limit, and how much of it is used. Above 1 the way is impossible. */
export interface Bound {
	readonly what: string;
	readonly used: number;
}

export interface Plan {
	readonly way: Way;
	/** How many hubs there are, of one process each. */
	readonly hubs: number;
	/** The memory for all viewers and channels. */
	readonly gigabytes: number;
	readonly egressTerabytes: number;
	/** The cost of the machines, in dollars a month. */
	readonly machines: number;
	readonly egress: number;
	/** How many servers carry messages to the hubs. */
	readonly brokers: number;
	/** The limit that is nearest. */
	readonly first: Bound;
}

export const ways = ["Redis", "Redis Cluster", "relays", "Durable Objects"] as const;
export type Way = (typeof ways)[number];

/** How many messages of each channel are kept. */
export const kept = 20;

const month = prices.monthSeconds;
const keepAliveSeconds = 8;

/** What is the same for all ways with hubs. */
function hubsOf({ viewers, perChannel, every }: Load) {
	const channels = viewers / perChannel;
	const publishes = channels / every;
	const deliveries = viewers / every;
	const keepAlives = (viewers * Math.max(0, Math.ceil(every / keepAliveSeconds) - 1)) / every;
	const cores = (deliveries * costs.deliveryUs + keepAlives * costs.keepAliveUs) / 1e6;
	const hubs = Math.max(Math.ceil(cores / costs.busy), Math.ceil(viewers / costs.connections));
	const held = channels * hubsWith(perChannel, hubs);
	const gigabytes = (viewers * costs.idleKilobytes + held * costs.channelKilobytes) / 1e6;
	const perMessage = costs.deliveryBytes + costs.headerBytes;
	const bytes = (deliveries * perMessage + keepAlives * (8 + costs.headerBytes)) * month;
	return { channels, publishes, hubs, gigabytes, egressTerabytes: bytes / 1e12 };
}

/** How many hubs have viewers of a channel, if each viewer goes to a random hub. */
export function hubsWith(perChannel: number, hubs: number): number {
	return hubs * (1 - (1 - 1 / hubs) ** perChannel);
}

export function plan(way: Way, load: Load): Plan {
	if (way === "Durable Objects") return objects(load);
	const common = hubsOf(load);
	const { brokers, brokerGigabytes, bounds } = { Redis: redis, "Redis Cluster": cluster, relays }[
		way
	](load, common);
	const first = bounds.toSorted((a, b) => b.used - a.used)[0] ?? { what: "none", used: 0 };
	const gigabytes = common.gigabytes + brokerGigabytes;
	const egress = dollarsOfEgress(common.egressTerabytes * 1_000);
	const machines =
		dollarsOfMachines(common.hubs, common.gigabytes) + dollarsOfMachines(brokers, brokerGigabytes);
	const { hubs, egressTerabytes } = common;
	return { way, hubs, gigabytes, egressTerabytes, machines, egress, brokers, first };
}

type Common = ReturnType<typeof hubsOf>;
interface Broker {
	brokers: number;
	brokerGigabytes: number;
	bounds: Bound[];
}

/** The CPU of Redis, in cores, and its memory. */
function redisOf({ perChannel }: Load, { channels, publishes, hubs }: Common) {
	const listening = hubsWith(perChannel, hubs);
	const perPublish = costs.redisStoredPublishUs + costs.redisSubscriberUs * listening;
	const perChannelBytes =
		listening * costs.redisSubscriptionBytes + kept * costs.redisStoredMessageBytes;
	return {
		cores: (publishes * perPublish) / 1e6,
		perChannelCores: (publishes / channels / 1e6) * perPublish,
		gigabytes: (channels * perChannelBytes) / 1e9,
	};
}

function redis(load: Load, common: Common): Broker {
	const { cores, gigabytes } = redisOf(load, common);
	return {
		brokers: 1,
		brokerGigabytes: gigabytes,
		bounds: [
			{ what: "Redis' core", used: cores },
			{ what: "Redis' memory", used: gigabytes / costs.redisGb },
		],
	};
}

/** A Cluster with `sharded: true`. With plain pub/sub every server would handle every publish. */
function cluster(load: Load, common: Common): Broker {
	const { cores, perChannelCores, gigabytes } = redisOf(load, common);
	const masters = Math.max(3, Math.ceil(cores / costs.busy), Math.ceil(gigabytes / costs.redisGb));
	return {
		// Each master has a replica.
		brokers: 2 * masters,
		brokerGigabytes: 2 * gigabytes,
		bounds: [
			{ what: "the core of one channel's server", used: perChannelCores },
			{ what: "servers of a Cluster", used: (2 * masters) / costs.clusterNodes },
		],
	};
}

/** A root of one process, which keeps the messages in its memory. */
function relays({ perChannel }: Load, { channels, publishes, hubs }: Common): Broker {
	const perPublish = costs.rootPublishUs + costs.relayUs * hubsWith(perChannel, hubs);
	const perKept = costs.deliveryBytes * kept;
	const gigabytes = (channels * (costs.channelKilobytes * 1e3 + perKept)) / 1e9;
	return {
		brokers: 1,
		brokerGigabytes: gigabytes,
		bounds: [
			{ what: "the root's core", used: (publishes * perPublish) / 1e6 },
			{ what: "the root's memory", used: gigabytes / costs.rootHeapGb },
		],
	};
}

function objects({ viewers, perChannel, every }: Load): Plan {
	const parts = Math.ceil(perChannel / costs.objectViewers);
	const channels = (viewers / perChannel) * parts;
	const load = { title: "", channels, viewers: viewers / channels, every };
	const { object, worker } = dollarsOfObjects(load);
	const { egressTerabytes } = hubsOf({ viewers, perChannel, every });
	return {
		way: "Durable Objects",
		hubs: 0,
		brokers: channels,
		gigabytes: 0,
		machines: Math.min(object, worker),
		egress: egressTerabytes * 1_000 * costs.workersEgress,
		egressTerabytes,
		first: { what: "viewers of one object", used: perChannel / costs.objectViewers },
	};
}
