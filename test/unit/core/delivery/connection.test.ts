import { expect, test } from "vitest";
import { Connection } from "../../../../src/core/delivery/connection.ts";
import { bytesOf, type Content } from "../../../../src/core/sinks/content.ts";
import { counters } from "../../../../src/core/stats.ts";

/** A sink that records the calls. */
function recorder() {
	const calls: string[] = [];
	return {
		calls,
		bufferedBytes: 0,
		write: (content: Content) => {
			const bytes = bytesOf(content);
			calls.push(Buffer.from(bytes).toString());
			return bytes.length;
		},
		end: () => void calls.push("end"),
		abort: () => void calls.push("abort"),
	};
}

const open = () =>
	new Connection({
		...{ tick: 0, bufferedBytes: 100, perStream: undefined, counters: counters() },
		spent: () => undefined,
		flush: () => undefined,
		ended: () => undefined,
	});

test("a connection that gets another sink writes to it and ends it", () => {
	const [first, second] = [recorder(), recorder()];
	const connection = open();
	connection.use(first);
	connection.write(Buffer.from("1"));
	connection.use(second);
	connection.write(Buffer.from("2"));
	connection.onLeft();
	expect([first.calls, second.calls]).toEqual([["1"], ["2", "end"]]);
});

test.each(["onLeft", "breakOff"] as const)(
	"a connection that ended by %s() ends a later sink in the same way",
	(how) => {
		const [first, second] = [recorder(), recorder()];
		const connection = open();
		connection.use(first);
		connection[how]();
		connection.use(second);
		connection.write(Buffer.from("too late"));
		const end = how === "breakOff" ? "abort" : "end";
		expect([first.calls, second.calls]).toEqual([[end], [end]]);
	},
);
