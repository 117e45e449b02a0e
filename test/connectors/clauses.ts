import { describe, test } from "vitest";
import { connectorSuite } from "./suite.ts";

/*
 * The whole contract runs on each kind of broker once: memory, Redis, Upstash, Durable Objects. The other ways to
 * Redis share most of their code with the connector for one server: checks, the queue, scripts, and reading history.
 * These lists name the clauses that the code of their own can break. Of the commands that a dead broker leaves
 * unanswered, `publish` (P4) and `check` (K1) stand for the others. Each entry is the beginning of a test's name.
 */

/**
 * A Cluster has a publisher of its own (a connection for each node, and the slots), a subscriber of its own (a
 * connection that may move) and errors of its own (they name several addresses).
 */
export const inCluster = [
	"C1.", // it asks nodes for the slots, but only once it is used
	"E1. no credential", // errors name nodes
	"P1.", // subscribers may be at another node
	"P2.", // and are counted at all nodes
	"P3.", // MOVED must not invert two publishes
	"P4.", // a node is lost, and the next publish waits for it
	"S1.",
	"S2. with the broker gone",
	"S2. with the broker frozen",
	"S2. a broker that says no",
	"S5.", // all nodes are lost, and the slots with them
	"S6.", // the name decides the slot, braces included, also for the keys of histories
	"U2. the broker hears",
	"U3. 200 times",
	"K1. check resolves",
	"X1. close frees",
	"X1. close in the middle of an outage",
	"H1. publish resolves",
	"H2.", // stored and published at one node
	"H3. read returns",
	"H5. head is",
	"H8. of two publishes", // three keys in the channel's slot
	"H10.",
	"B1.", // one batch for each node
	"B2. publishAll resolves",
	"R1. of many", // two keys in the channel's slot
	"R2. what is appended",
	"R6. the end is",
	"R8.",
	"R9.",
] as const;

/**
 * Sharded pub/sub uses other commands, and subscribes at the node of each channel's slot. The rest is as in a
 * Cluster.
 */
export const sharded = [
	"P1.",
	"P2.",
	"P3.",
	"S1.",
	"S2. with the broker gone",
	"S5.",
	"S6. the channel's name",
	"U1. unsubscribe resolves in time while the broker is gone",
	"U2. the broker hears",
	"U3.",
	"X1. close frees",
	"X1. close in the middle of an outage",
	"H1. publish resolves",
	"H2.",
	"B1.",
	"R2. what is appended",
	"R6. the end is",
	"R8.",
] as const;

/**
 * A client that the caller passes in publishes and reads by itself, with its own queue and reconnects. A
 * duplicate of it subscribes, and ends with the connector.
 */
export const handedIn = [
	"C1.",
	"E1. a payload arrives", // the client writes and decodes them
	"E1. no credential",
	"P1.",
	"P2.",
	"P3.",
	"P4.",
	"S1. every message",
	"S2. with the broker gone",
	"S5. a broker that dies",
	"U2. the broker hears",
	"U3. 200 times",
	"K1.",
	"X1. close frees",
	"X1. close in the middle of an outage",
	"X2.",
	"X3.",
	"H1.",
	"H2.",
	"H3. read returns",
	"B1.",
	"B2. publishAll resolves",
	"R2. what is appended",
] as const;

/**
 * Upstash by a client that the caller passes in: each request has the client's headers, and each answer its
 * encoding. Everything above the requests is the same as with a URL.
 */
export const asItsClient = [
	"C1.",
	"E1.",
	"P1.",
	"P2.",
	"P4.",
	"S1. every message",
	"S2. with the broker gone",
	"S2. a broker that says no",
	"U2. the broker hears",
	"K1.",
	"X1. close frees",
	"X2.",
	"X3.",
	"H1.",
	"H2.",
	"H3.",
	"H5. head is",
	"H8. of two publishes",
	"B1.",
	"B2. publishAll resolves",
	"R2. what is appended",
	"R6. the end is",
] as const;

/**
 * Upstash by polls of the history: what arrives, when, and what is left behind. Publishing and reading the
 * history are the same as with streams.
 */
export const byPolls = [
	"C1.",
	"E1.",
	"E2.",
	"P1.",
	"P3. 300 publishes",
	"S1. every message",
	"S1. 20 subscriptions",
	"S2. with the broker gone",
	"S2. with the broker frozen",
	"S2. a broker that says no",
	"S3.",
	"S4.",
	"S5.",
	"S6. the channel's name",
	"U1.",
	"U2. no handler",
	"U2. nor when",
	"U3. 100 joins",
	"X1. close ends",
	"X1. close frees every timer",
	"X1. close in the middle of an outage",
	"X1. close while the broker is frozen",
	"X2.",
	"H1. publish resolves",
	"H1. what a subscriber receives",
	"H2.",
	"B1.",
	"R2. what is appended",
	"R6. the end is",
] as const;

/** Each use dials a connection of its own, which ends with the use. */
export const connectionForEachUse = [
	"C1.",
	"E2.", // connections that are dialled and given up
	"P1.",
	"P3.", // dialling must not invert two publishes
	"P4.",
	"S1.",
	"S2.",
	"S5.",
	"U1. unsubscribe resolves in time while the broker is gone",
	"U2.",
	"U3.",
	"K1. check resolves",
	"X1.",
	"X2.",
	"H1. publish resolves",
	"H2.",
	"H3. read returns",
	"B1.",
	"B2. publishAll resolves",
	"R1. of many",
	"R2. what is appended",
] as const;

/**
 * Runs the tests of `connectorSuite` whose names begin with one of these. It is an error if no test's name
 * begins so.
 */
export function suiteOf(beginnings: readonly string[]): typeof connectorSuite {
	return (name, harness, runner = { describe, test }) => {
		const unused = new Set(beginnings);
		connectorSuite(name, harness, {
			describe: (title, register) =>
				runner.describe(title, () => {
					register();
					if (unused.size > 0) throw new Error(`No test begins with: ${[...unused].join(", ")}`);
				}),
			test: (title, run, timeout) => {
				const chosen = beginnings.filter((beginning) => title.startsWith(beginning));
				for (const beginning of chosen) unused.delete(beginning);
				if (chosen.length > 0) runner.test(title, run, timeout);
			},
		});
	};
}
