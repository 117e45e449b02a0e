import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClusterMap } from "../../../../src/connectors/redis/cluster/slot-map.ts";
import { slotOf, streamKey } from "../../../../src/connectors/shared/redis-slot.ts";

describe("slotOf", () => {
	// As CLUSTER KEYSLOT of Redis 7.0 answers.
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

describe("streamKey", () => {
	/** Names in which braces meet in every way. */
	const channel = fc.string({
		unit: fc.constantFrom("a", "{", "}", "é"),
		minLength: 1,
		maxLength: 8,
	});

	test("is in the channel's slot, whatever braces the channel has", () => {
		fc.assert(fc.property(channel, (name) => slotOf(streamKey(name)) === slotOf(name)));
	});

	test("is of one channel only", () => {
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
		["room", "sse:history:{room}"],
		["{tenant}room", "sse:history:tagged:{tenant}room"],
		["a}b", "sse:history:slot:{20658}:a}b"],
	])("of %j is %j: what is stored must be found again", (name, key) => {
		expect(streamKey(name)).toBe(key);
	});
});

describe("ClusterMap", () => {
	const reply = [
		[0, 99, ["10.0.0.1", 7000, "id"], ["10.0.0.4", 7003, "id"]],
		[100, 16383, ["", 7001, "id", []]],
	];

	test("knows nothing before it is told, but whom to ask", () => {
		const map = new ClusterMap(["seed:1"]);
		expect(map.isKnown).toBe(false);
		expect(map.owner(5)).toBeUndefined();
		expect(map.nodes).toEqual(["seed:1"]);
	});

	test("takes a node that does not know its host to be where it was asked", () => {
		const map = new ClusterMap(["seed:1"]);
		map.update(reply, "seed:1");
		expect(map.owner(99)).toBe("10.0.0.1:7000");
		expect(map.owner(100)).toBe("seed:7001");
		expect(map.nodes).toEqual(["10.0.0.1:7000", "10.0.0.4:7003", "seed:7001", "seed:1"]);
	});

	test("believes a node that sends us on, until it is told anew", () => {
		const map = new ClusterMap(["seed:1"]);
		map.update(reply, "seed:1");
		map.move(5, "10.0.0.9:7000");
		expect([map.owner(5), map.owner(6)]).toEqual(["10.0.0.9:7000", "10.0.0.1:7000"]);
		map.update(reply, "seed:1");
		expect(map.owner(5)).toBe("10.0.0.1:7000");
	});

	test("keeps what it knows when a node that was reset knows of nothing", () => {
		const map = new ClusterMap(["seed:1"]);
		map.update(reply, "seed:1");
		map.update([], "seed:1");
		expect(map.owner(5)).toBe("10.0.0.1:7000");
	});
});
