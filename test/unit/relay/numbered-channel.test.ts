import { expect, test } from "vitest";
import { ConnectorError } from "../../../src/core/errors.ts";
import { NumberedChannel } from "../../../src/relay/numbered-channel.ts";
import type { RelayLine } from "../../../src/relay/protocol.ts";
import { testBroker } from "../../../src/testing.ts";

const owner = {
	report: (error: unknown) => {
		throw error;
	},
	ended: () => undefined,
};

/** The lines that were written to one relay. */
function relay() {
	const lines: RelayLine[] = [];
	return { lines, write: (text: string) => lines.push(JSON.parse(text)) };
}

test("a relay that joins while the broker is away is told so", async () => {
	const broker = testBroker();
	const channel = new NumberedChannel("news", broker.connect(), owner);
	const [first, second] = [relay(), relay()];
	await channel.add(first);
	broker.down();
	await channel.add(second);
	broker.up();
	const epoch = expect.any(String);
	expect(first.lines).toEqual([
		["live", "news", 0, epoch, null, false],
		["lost", "news", 0, expect.any(String)],
		["restored", "news", 1],
	]);
	expect(second.lines).toEqual([
		["live", "news", 1, epoch, null, true],
		["restored", "news", 1],
	]);
});

test("a message that comes while the position is asked for follows it and is not lost", async () => {
	const connector = testBroker().connect();
	const channel = new NumberedChannel("news", connector, owner);
	const only = relay();
	await channel.add(only, async () => {
		await connector.publish("news", "meanwhile");
		return "7-0";
	});
	expect(only.lines).toEqual([
		["live", "news", 0, expect.any(String), "7-0", false],
		["m", "news", 0, "meanwhile"],
	]);
});

test("a subscription that ends while the position is asked for rejects", async () => {
	const channel = new NumberedChannel("news", testBroker().connect(), owner);
	const only = relay();
	const added = channel.add(only, async () => {
		channel.onEnd(new ConnectorError("refused", "No permission."));
		return "7-0";
	});
	await expect(added).rejects.toMatchObject({ code: "refused", message: "No permission." });
	expect(only.lines).toEqual([]);
});
