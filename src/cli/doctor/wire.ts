import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { codeOf, type Failure } from "../../doctor/failure.ts";

/** How much of an answer's head is read, in bytes. */
const longestHead = 65_536;

/** A connection that was made, and has been closed. */
export interface Reached {
	address: string;
	/** The protocol that TLS has agreed on. `""`: none, or there is no TLS. */
	protocol: string;
	/** When the certificate ends. */
	expires: Date | undefined;
	ms: number;
}

/** The head of an answer, as the server sent it. */
export interface RawHead {
	/** The version of HTTP, such as `1.1`. */
	version: string;
	status: number;
}

/** Connects to an address of the URL's host, with TLS for https, and closes the connection. */
export async function connected(
	url: URL,
	address: string,
	timeout: number,
): Promise<Reached | Failure> {
	const start = performance.now();
	const opened = await open(url, address, timeout, ["h2", "http/1.1"]);
	if (!("socket" in opened)) return opened;
	const { socket } = opened;
	const certificate =
		"getPeerCertificate" in socket ? (socket as TLSSocket).getPeerCertificate() : undefined;
	const protocol = "alpnProtocol" in socket ? (socket as TLSSocket).alpnProtocol || "" : "";
	socket.destroy();
	const expires = certificate?.valid_to === undefined ? undefined : new Date(certificate.valid_to);
	return { address, protocol, expires, ms: performance.now() - start };
}

/**
 * Asks for the stream by HTTP/1.1, and returns the head of the answer.
 *
 * @param host the name to call the server by, instead of its own.
 */
export async function rawHead(
	url: URL,
	address: string,
	timeout: number,
	headers: Readonly<Record<string, string>>,
	host: string = url.host,
): Promise<RawHead | Failure> {
	const start = performance.now();
	const opened = await open(url, address, timeout, ["http/1.1"]);
	if (!("socket" in opened)) return opened;
	const { socket } = opened;
	const all = { host, accept: "text/event-stream", ...headers, connection: "close" };
	const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
	const failed = (kind: Failure["kind"], code: string): Failure => ({
		...{ kind, code },
		ms: performance.now() - start,
	});
	try {
		return await new Promise<RawHead | Failure>((resolve) => {
			let text = "";
			socket.setTimeout(timeout, () => resolve(failed("timeout", "")));
			const limit = setTimeout(() => resolve(failed("timeout", "")), timeout);
			socket.once("close", () => {
				clearTimeout(limit);
				resolve(failed("error", "ECONNRESET"));
			});
			socket.on("error", (error) => resolve(failed("error", codeOf(error))));
			socket.on("data", (bytes: Buffer) => {
				text += bytes.toString("latin1");
				if (text.length > longestHead) resolve(failed("error", "HPE_HEADER_OVERFLOW"));
				// Only the new text is searched, because a head may arrive byte by byte.
				if (!/\n\r?\n/.test(text.slice(-bytes.length - 3))) return;
				const [, version, status] = /^HTTP\/(\d(?:\.\d)?) (\d{3})/.exec(text) ?? [];
				if (version === undefined) resolve(failed("error", "HPE_INVALID_CONSTANT"));
				else resolve({ version, status: Number(status) });
			});
			const path = `${url.pathname}${url.search}`;
			socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
		});
	} finally {
		socket.destroy();
	}
}

function open(
	url: URL,
	address: string,
	timeout: number,
	protocols: string[],
): Promise<{ socket: Socket | TLSSocket } | Failure> {
	const start = performance.now();
	const isTls = url.protocol === "https:";
	const port = Number(url.port || (isTls ? 443 : 80));
	const name = url.hostname.replace(/^\[|\]$/g, "");
	// TLS allows no IP address as a server name.
	const servername = name === address ? "" : name;
	const socket = isTls
		? connectTls({ host: address, port, servername, ALPNProtocols: protocols })
		: connectTcp({ host: address, port });
	return new Promise((resolve) => {
		const fail = (kind: Failure["kind"], code: string) => {
			socket.destroy();
			resolve({ kind, code, ms: performance.now() - start });
		};
		const limit = setTimeout(() => fail("timeout", ""), timeout);
		socket.on("error", (error) => {
			clearTimeout(limit);
			fail("error", codeOf(error));
		});
		socket.once(isTls ? "secureConnect" : "connect", () => {
			clearTimeout(limit);
			resolve({ socket });
		});
	});
}
