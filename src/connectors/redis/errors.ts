import { ConnectorError } from "../../core/errors.ts";

/** Answers with which Redis says "not now": the same command may succeed later. */
const PASSING =
	/^(LOADING|BUSY|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF|NOREPLICAS|UNBLOCKED|ERR max number of clients)\b/;

/** An error reply begins with its code in capitals; errors of sockets and of the libraries do not. */
const REPLY = /^[A-Z]{3,} /;

/**
 * What went wrong with a connection or a command, in the connector's terms. An answer that says no
 * is `refused`; everything else, a passing condition of the server included, is `unavailable`.
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
	/** `host:port`; no host means the one that was asked. */
	address: string;
	/** For this one command only, after ASKING; the slot is on its way. */
	ask: boolean;
}

/** Where the answer sends us, if it is such an answer. */
export function redirection(error: unknown): Redirection | undefined {
	const cause = error instanceof ConnectorError ? error.cause : error;
	const [, kind, address] = /^(MOVED|ASK) \d+ (\S*:\d+)/.exec(describe(cause)) ?? [];
	return address === undefined ? undefined : { address, ask: kind === "ASK" };
}

/** Whether what answered is a replica, as the master is after a failover. */
export function isReadOnly(error: unknown): boolean {
	const reason = describe(error);
	return reason.startsWith("READONLY ") || /^ERR .*\bREADONLY\b/.test(reason);
}

/** Whether Redis answered the command with an error, so that the connection itself is fine. */
export function isReply(error: unknown): boolean {
	return REPLY.test(describe(error));
}

/** Whether the server knows the user, and does not let it do this. */
export function isForbidden(error: unknown): boolean {
	const cause = error instanceof ConnectorError ? error.cause : error;
	return describe(cause).startsWith("NOPERM ");
}

/** Nothing answers at `address`. `cause` is the last error of a socket, if there was one. */
export function unreachable(address: string, reason: string, cause?: unknown): ConnectorError {
	const advice = "Check that Redis is running there and that the address, port and TLS are right.";
	return new ConnectorError(
		"unavailable",
		`Redis at ${address} cannot be reached: ${reason}. ${advice}`,
		cause === undefined ? {} : { cause },
	);
}

/** The connection is there, but no answer came in time. */
export function unanswered(address: string, timeout: number): ConnectorError {
	return new ConnectorError(
		"unavailable",
		`Redis at ${address} did not answer within ${timeout} ms. Check that it is not stopped, overloaded or cut off.`,
	);
}

/** What answers is a replica: a master that was demoted, or a server that somebody took for one. */
export function noMaster(address: string): ConnectorError {
	return new ConnectorError(
		"unavailable",
		`The server found for ${address} is no master, or is none any more. Check that a master is elected and known.`,
	);
}

/** A Cluster has given the channel's slot to another node. */
export function moved(channel: string, address: string): ConnectorError {
	return new ConnectorError(
		"unavailable",
		`Redis at ${address} does not serve the channel ${JSON.stringify(channel)} any more: its slot has moved.`,
	);
}

/** The server has ended a subscription, and the client library did not hear of it. */
export function forgotten(address: string): ConnectorError {
	return new ConnectorError(
		"unavailable",
		`Redis at ${address} has ended a subscription without our hearing of it.`,
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
 * ioredis hangs the arguments of the failed command on the error, AUTH's password included, and an
 * old server repeats them in its message ("unknown command 'HELLO', with args beginning with: …").
 */
function withoutSecrets(error: unknown): unknown {
	if (!(error instanceof Error)) return error;
	const message = error.message.replace(/,? with args beginning with.*/s, "");
	if (message === error.message && !("command" in error)) return error;
	const clean = new Error(message);
	clean.name = error.name;
	return clean;
}
