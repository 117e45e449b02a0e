import { ConnectorError } from "../../core/errors.ts";

/** Replies that mean "not now": the same command may succeed later. */
const PASSING =
	/^(LOADING|BUSY|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF|NOREPLICAS|UNBLOCKED|ERR max number of clients)\b/;

/** An error reply begins with its code in capitals. Errors of sockets and libraries do not. */
const REPLY = /^[A-Z]{3,} /;

/**
 * The connector's error for a failed connection or command. A reply that says no is `refused`.
 * Everything else, a passing condition of the server included, is `unavailable`.
 */
export function toConnectorError(error: unknown, address: string): ConnectorError {
	if (error instanceof ConnectorError) return error;
	const cause = withoutSecrets(error);
	const reason = describe(cause);
	if (!REPLY.test(reason)) return unreachable(address, reason, cause);
	if (PASSING.test(reason)) {
		const message = `Redis at ${address} cannot serve this now: ${reason}`;
		return new ConnectorError("unavailable", message, { cause });
	}
	const advice =
		redirection(cause) === undefined
			? "Check the user name, the password, the database number and the user's ACL."
			: "It is a node of a Cluster: pass { rootNodes: [{ url }] } instead of a single server.";
	return new ConnectorError("refused", `Redis at ${address} refused: ${reason} ${advice}`, {
		cause,
	});
}

/** Where a node of a Cluster says that a slot is. */
export interface Redirection {
	/** `host:port`. No host: the node that was asked. */
	address: string;
	/** For this command only, after ASKING: the slot is being moved there. */
	ask: boolean;
}

/**
 * The redirection in a reply, if it is one.
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#redirection-and-resharding
 */
export function redirection(error: unknown): Redirection | undefined {
	const cause = error instanceof ConnectorError ? error.cause : error;
	const [, kind, address] = /^(MOVED|ASK) \d+ (\S*:\d+)/.exec(describe(cause)) ?? [];
	return address === undefined ? undefined : { address, ask: kind === "ASK" };
}

/** Whether the reply came from a replica, which a master becomes after a failover. */
export function isReadOnly(error: unknown): boolean {
	const reason = describe(error);
	return reason.startsWith("READONLY ") || /^ERR .*\bREADONLY\b/.test(reason);
}

/** Whether Redis replied with an error, so that the connection itself is fine. */
export function isReply(error: unknown): boolean {
	return REPLY.test(describe(error));
}

/** Whether the server knows the user and forbids this command. */
export function isForbidden(error: unknown): boolean {
	const cause = error instanceof ConnectorError ? error.cause : error;
	return describe(cause).startsWith("NOPERM ");
}

/** Nothing answers at `address`. `cause` is the last socket error, if any. */
export function unreachable(address: string, reason: string, cause?: unknown): ConnectorError {
	const advice = "Check that Redis is running there and that the address, port and TLS are right.";
	return new ConnectorError(
		"unavailable",
		`Redis at ${address} cannot be reached: ${reason}. ${advice}`,
		cause === undefined ? {} : { cause },
	);
}

const LONGER =
	"A busy machine needs longer: raise `timeout`, or SSE_BROKER_TIMEOUT for `sse` and the hub.";

/** No connection came in time, and no socket error says why. */
export function unconnected(address: string, ms: number): ConnectorError {
	const error = unreachable(address, `no connection within ${Math.round(ms)} ms`);
	return new ConnectorError("unavailable", `${error.message} ${LONGER}`);
}

/** The connection is there, but no answer came in time. */
export function unanswered(address: string, timeout: number): ConnectorError {
	return new ConnectorError(
		"unavailable",
		`Redis at ${address} did not answer within ${timeout} ms. Check that it is not stopped, overloaded or cut off. ${LONGER}`,
	);
}

/** A replica answers: a demoted master, or a server that was never one. */
export function noMaster(address: string): ConnectorError {
	return new ConnectorError(
		"unavailable",
		`The server found for ${address} is not a master. Check that a master is elected and known.`,
	);
}

/** A Cluster has given the channel's slot to another node. */
export function moved(channel: string, address: string): ConnectorError {
	return new ConnectorError(
		"unavailable",
		`Redis at ${address} does not serve the channel ${JSON.stringify(channel)} any more: its slot has moved.`,
	);
}

/** The server has ended a subscription, and the client library did not notice. */
export function forgotten(address: string): ConnectorError {
	return new ConnectorError(
		"unavailable",
		`Redis at ${address} ended a subscription, and the client did not notice.`,
	);
}

export function closed(): ConnectorError {
	return new ConnectorError("closed", "The redis connector is closed.");
}

function describe(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	// Node's error for a host with several addresses has an empty message and only a code.
	if (error.message !== "") return error.message;
	return "code" in error ? String(error.code) : error.name;
}

/**
 * ioredis puts the failed command's arguments on the error, AUTH's password included. An old
 * server repeats them in its message ("unknown command 'HELLO', with args beginning with: …").
 */
function withoutSecrets(error: unknown): unknown {
	if (!(error instanceof Error)) return error;
	const message = error.message.replace(/,? with args beginning with.*/s, "");
	if (message === error.message && !("command" in error)) return error;
	const clean = new Error(message);
	clean.name = error.name;
	return clean;
}
