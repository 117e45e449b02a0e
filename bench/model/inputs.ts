/** The inputs of the model. Each says where it is from. */
import given from "./given.json" with { type: "json" };
import measured from "./measured.json" with { type: "json" };

export interface Input {
	readonly what: string;
	readonly value: number;
	/** `list`: from a price list, a manual or the code. */
	readonly how: "measured" | "list" | "guess";
	readonly from: string;
}

/** A group of figures, as bench/scaling.ts writes it. */
interface Group {
	readonly date: string;
	readonly command: string;
	readonly figures: Readonly<Record<string, number>>;
}

const words = {
	deliveryUs: "CPU of a hub for a delivery, µs",
	deliveryBytes: "bytes of a delivery of 200 bytes",
	coldConnectUs: "CPU of a hub for one of its first 1,000 streams, µs",
	connectUs: "CPU of a hub for a later stream, µs",
	acceptUs: "of it for the connection, µs",
	channelKilobytes: "memory of a channel in a hub, kB",
	redisPublishUs: "CPU of Redis for a publish, µs",
	redisSubscriberUs: "CPU of Redis for each hub that it goes to, µs",
	redisSubscribeUs: "CPU of Redis for a subscription, µs",
	redisSubscriptionBytes: "memory of Redis for a subscription, bytes",
	redisStoredPublishUs: "CPU of Redis for a publish that is kept, µs",
	redisStoredMessageBytes: "memory of Redis for a message that is kept, bytes",
	redisReadUs: "CPU of Redis for a read of the history, µs",
	resubscribeUs: "CPU of a hub to subscribe again, µs a channel",
	restoreUs: "CPU of a hub to read what was missed, µs a channel",
};

const own = Object.values(measured as Record<string, Group>).flatMap(({ date, command, figures }) =>
	Object.entries(figures).map(([name, value]): [string, Input] => {
		const what = words[name as keyof typeof words];
		return [name, { what, value, how: "measured", from: `\`${command}\`, ${date}` }];
	}),
);

export const inputs: ReadonlyMap<string, Input> = new Map([
	...own,
	...Object.entries(given.figures as Record<string, Input>),
]);

type Name = keyof typeof words | keyof typeof given.figures;

/** The values of the inputs. */
export const costs = Object.fromEntries(
	[...inputs].map(([name, { value }]) => [name, value]),
) as Record<Name, number>;
