import { expect, test, vi } from "vitest";
import { mergedMetrics } from "../../../../src/server/processes/metrics-text.ts";
import { type Answers, Peer } from "../../../../src/server/processes/peer.ts";

/** Two connected peers whose messages pass through JSON. */
function line(answers: Answers): [Peer, Peer] {
	const to = (peer: () => Peer) => (message: object) => {
		void peer().receive(JSON.parse(JSON.stringify(message)));
	};
	const a: Peer = new Peer(
		to(() => b),
		{},
	);
	const b: Peer = new Peer(
		to(() => a),
		answers,
	);
	return [a, b];
}

test("questions get their own answers or errors, in any order", async () => {
	let go: () => void = () => undefined;
	const slow = new Promise<void>((resolve) => {
		go = resolve;
	});
	const told: unknown[] = [];
	const [a] = line({
		slow: () => slow.then(() => "slow"),
		double: (value: number) => value * 2,
		no: () => Promise.reject(new Error("not today")),
		told: (value: unknown) => told.push(value),
	});
	const waiting = a.ask("slow");
	expect(await a.ask("double", 21)).toBe(42);
	await expect(a.ask("no")).rejects.toThrow("not today");
	expect(await a.ask("unknown")).toBeUndefined();
	a.tell("told", { x: 1 });
	expect(told).toEqual([{ x: 1 }]);
	go();
	expect(await waiting).toBe("slow");
});

test("a late answer and an ended process are errors", async () => {
	vi.useFakeTimers();
	try {
		const [a] = line({ never: () => new Promise(() => undefined) });
		const late = expect(a.ask("never", undefined, 50)).rejects.toThrow("within 50 ms");
		await vi.advanceTimersByTimeAsync(60);
		await late;
		const lost = expect(a.ask("never")).rejects.toThrow("has ended");
		a.close();
		await lost;
	} finally {
		vi.useRealTimers();
	}
});

test("metrics of several processes are merged with each heading once", () => {
	const text = (process: number) =>
		`# HELP a Help\n# TYPE a gauge\na{process="${process}"} ${process}\n\n# HELP b B\n# TYPE b counter\nb ${process}\n`;
	expect(mergedMetrics([text(1), "\n", text(2)])).toBe(
		'# HELP a Help\n# TYPE a gauge\na{process="1"} 1\na{process="2"} 2\n\n# HELP b B\n# TYPE b counter\nb 1\nb 2\n',
	);
});

test("a request that arrives after the process ended is not carried out", async () => {
	const asked: string[] = [];
	const peer = new Peer(() => undefined, {
		take: () => asked.push("take"),
		give: () => asked.push("give"),
	});
	await peer.receive({ what: "give", value: 1 });
	peer.close();
	await peer.receive({ what: "take", number: 1 });
	expect(asked).toEqual(["give"]);
});
