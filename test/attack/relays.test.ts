import { test } from "vitest";
import { honestBody, relayHead, whole } from "./kit/bodies.ts";
import { oneByOne, useHub } from "./kit/hub.ts";
import { compare, expectBounded } from "./kit/rounds.ts";
import type { Exchange } from "./kit/wire.ts";

const hub = useHub();
const size = 50_000;

/** What a stranger without the token sends to `/relay`, beside a message of the same size. */
const hostile: Record<string, (request: number) => Exchange> = {
	"a list of 10,000 channels": () => {
		const channels = Array.from({ length: 10_000 }, (_, n) => `c${n % 10}`);
		return asRelay(JSON.stringify({ op: "subscribe", channels, positions: true }));
	},
	"a batch of messages": (request) => {
		const messages = Array.from({ length: size / 30 }, () => ({
			channel: `c${request}`,
			payload: "",
		}));
		return asRelay(JSON.stringify({ op: "publish", messages }));
	},
	"arrays in arrays": () => asRelay("[".repeat(size)),
	"a long list of passed relays": (request) => {
		const via = `${crypto.randomUUID()},`.repeat(200);
		return whole("{}", undefined, `${relayHead}Edge-Sse-Via: ${via}${request}\r\n`);
	},
	"a body that is broken off": () => {
		const { bytes } = asRelay("x".repeat(size));
		return { bytes: bytes.subarray(0, size / 2), until: "broken" };
	},
};

function asRelay(body: string): Exchange {
	return whole(body, undefined, relayHead);
}

test.for(Object.entries(hostile))(
	"relays, %s: costs about as much as an honest request",
	async ([, make]) => {
		const honest = whole(honestBody(size));
		expectBounded(
			await compare(
				hub(),
				oneByOne(hub(), make),
				oneByOne(hub(), () => honest),
			),
		);
	},
);
