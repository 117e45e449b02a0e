import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { patience, within } from "./wait.ts";

/** Requests that no client library would send. */

async function connected(url: string): Promise<Socket> {
	const { port } = new URL(url);
	const socket = connect(Number(port), "127.0.0.1");
	await once(socket, "connect");
	return socket;
}

export interface RawAnswer {
	status: number;
	/** Everything after the head, as it came. */
	body: string;
}

/** Sends these lines as a request's head, and resolves with what is answered until the server closes. */
export async function rawRequest(url: string, ...lines: string[]): Promise<RawAnswer> {
	const socket = await connected(url);
	let text = "";
	socket.on("data", (bytes: Buffer) => {
		text += bytes.toString("latin1");
	});
	try {
		socket.write(Buffer.from(`${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`, "latin1"));
		await within(once(socket, "end"), patience, `the end of the answer to ${lines.join(" | ")}`);
	} finally {
		socket.destroy();
	}
	const [, status = "0"] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
	return { status: Number(status), body: text.slice(text.indexOf("\r\n\r\n") + 4) };
}

/** Sends a part of a request, and breaks the connection off once the server has read it. */
export async function breakOff(
	url: string,
	part: string,
	how: "destroy" | "end" | "resetAndDestroy",
): Promise<void> {
	const socket = await connected(url);
	// The server may reset what it has not read to the end.
	socket.on("error", () => undefined);
	socket.resume();
	// `once()` of node:events would reject at such an error.
	const closed = new Promise((resolve) => socket.once("close", resolve));
	await new Promise((sent) => socket.write(part, sent));
	// Nothing shows that the server has begun to read the body.
	await delay(50);
	socket[how]();
	if (how === "end") setTimeout(() => socket.destroy(), 500).unref();
	await within(closed, patience, "the end of a connection");
}
