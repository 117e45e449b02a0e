import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ClusterMap } from "../../../../src/connectors/redis/cluster/slot-map.ts";
import { slotOf, streamKey } from "../../../../src/connectors/shared/redis-slot.ts";

describe("slotOf()", () => {
	// From CLUSTER KEYSLOT of Redis 7.0.
	test.each([
		["", 0],
		["123456789", 12739],
		["foo", 12182],
		["{user1000}.following", 3443],
		["{user1000}.followers", 3443],
		["foo{}{bar}", 8363],
		["foo{{bar}}zap", 4015],
		["foo{bar}{zap}", 5061],
		["é😀", 14663],
	])("%j is in slot %i", (name, slot) => {
		expect(slotOf(name)).toBe(slot);
	});
});

describe("streamKey()", () => {
	/** Names with braces in every combination, and names of every plane of Unicode. */
	const channel = fc.oneof(
		fc.string({ unit: fc.constantFrom("a", "{", "}", "é"), minLength: 1, maxLength: 8 }),
		fc.string({ unit: "binary", minLength: 1, maxLength: 512 }),
	);
	/** The hash tag of a key, by the specification of Redis Cluster: the text in the first braces. */
	const tag = (key: string) => /\{([^}]*)\}/.exec(key)?.[1] ?? "";

	test("is in the channel's slot for any channel name", () => {
		fc.assert(fc.property(channel, (name) => slotOf(streamKey(name)) === slotOf(name)));
	});

	test("has a tag of four letters without braces for each of the 16,384 slots", () => {
		const seen = new Set<string>();
		for (let n = 0; seen.size < 16_384 && n < 1_000_000; n++) {
			const name = `c${n}`;
			const key = streamKey(name);
			const isWell =
				/^sse:history:\{[@A-O]{4}\}:c\d+$/.test(key) && slotOf(tag(key)) === slotOf(name);
			if (!isWell) expect.fail(`${key} is not in the slot of ${name}`);
			seen.add(tag(key));
		}
		expect(seen.size).toBe(16_384);
	});

	test("is different for each channel", () => {
		const keys = new Map<string, string>();
		fc.assert(
			fc.property(channel, (name) => {
				const key = streamKey(name);
				const owner = keys.get(key) ?? name;
				keys.set(key, owner);
				return owner === name;
			}),
		);
	});

	test.each([
		["room", undefined, "sse:history:{CHID}:room"],
		["{tenant}room", undefined, "sse:history:{@LFM}:{tenant}room"],
		["a}b", "app1:", "app1:{BFBI}:a}b"],
	])("of %j never changes, because stored messages must be found again", (name, prefix, key) => {
		expect(streamKey(name, prefix)).toBe(key);
	});

	test("hashes one name once, however its braces stand", () => {
		const encode = vi.spyOn(TextEncoder.prototype, "encode");
		onTestFinished(() => encode.mockRestore());
		for (const name of ["x1", "}1", "{1", "{}1", "}{1", "{1}2}"]) {
			encode.mockClear();
			streamKey(name);
			// Searching for a tag with the same slot took about 16,000 hashes a name.
			expect(encode, name).toHaveBeenCalledTimes(1);
		}
	});
});

describe("ClusterMap", () => {
	const reply = [
		[0, 99, ["10.0.0.1", 7000, "id"], ["10.0.0.4", 7003, "id"]],
		[100, 16383, ["", 7001, "id", []]],
	];

	test("knows only the seed nodes before the first update", () => {
		const map = new ClusterMap(["seed:1"]);
		expect(map.isKnown).toBe(false);
		expect(map.owner(5)).toBeUndefined();
		expect(map.nodes).toEqual(["seed:1"]);
	});

	test("uses the address that was asked when a node does not know its host", () => {
		const map = new ClusterMap(["seed:1"]);
		map.update(reply, "seed:1");
		expect(map.owner(99)).toBe("10.0.0.1:7000");
		expect(map.owner(100)).toBe("seed:7001");
		expect(map.nodes).toEqual(["10.0.0.1:7000", "10.0.0.4:7003", "seed:7001", "seed:1"]);
	});

	test("follows a node's redirection until the next update", () => {
		const map = new ClusterMap(["seed:1"]);
		map.update(reply, "seed:1");
		map.move(5, "10.0.0.9:7000");
		expect([map.owner(5), map.owner(6)]).toEqual(["10.0.0.9:7000", "10.0.0.1:7000"]);
		map.update(reply, "seed:1");
		expect(map.owner(5)).toBe("10.0.0.1:7000");
	});

	test("keeps what it knows when a reset node answers with nothing", () => {
		const map = new ClusterMap(["seed:1"]);
		map.update(reply, "seed:1");
		map.update([], "seed:1");
		expect(map.owner(5)).toBe("10.0.0.1:7000");
	});
});
