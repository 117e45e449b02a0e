import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { until } from "../../support/wait.ts";

/** A connection on which a test writes any bytes, and sees every byte that comes. */
export class RawClient {
	readonly socket: Socket;
	text = "";

	private constructor(socket: Socket) {
		this.socket = socket;
		socket.on("data", (bytes: Buffer) => {
			this.text += bytes.toString("latin1");
		});
		// `destroyed` tells. Without a listener Node would end the test process.
		socket.on("error", () => undefined);
	}

	static async to(url: string): Promise<RawClient> {
		const socket = connect(Number(new URL(url).port), "127.0.0.1");
		onTestFinished(() => void socket.destroy());
		await once(socket, "connect");
		return new RawClient(socket);
	}

	/**
	 * Sends a request's head; adds `\r
	 * ` and the blank line.
	 */
	send(...lines: string[]): void {
		this.socket.write(`${lines.join("\r\n")}\r\n\r\n`);
	}

	get isOver(): boolean {
		return this.socket.readableEnded || this.socket.destroyed;
	}

	until(pattern: RegExp): Promise<boolean> {
		return until(() => pattern.test(this.text), {
			what: `${pattern} on the connection, which has brought ${JSON.stringify(this.text.slice(-300))}`,
		});
	}

	/** Waits until something occurs this often. A pattern must be able to match early. */
	times(text: string, count: number): Promise<boolean> {
		return until(() => this.text.split(text).length > count, {
			what: `${count} times ${JSON.stringify(text)}`,
		});
	}

	/** Heads and decoded bodies of all complete responses, in order. Throws when there is a byte too many. */
	responses(): { head: string; body: string }[] {
		const found = [];
		for (let rest = this.text; rest !== ""; ) {
			const [head = "", ...bodies] = rest.split("\r\n\r\n");
			if (!head.startsWith("HTTP/1.1 ")) throw new Error(`No response begins so: ${rest}`);
			rest = bodies.join("\r\n\r\n");
			let body = "";
			if (/^transfer-encoding: chunked$/im.test(head)) [body, rest] = unchunk(rest);
			else {
				const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
				[body, rest] = [rest.slice(0, length), rest.slice(length)];
			}
			found.push({ head, body });
		}
		return found;
	}
}

/** The strictest reading of https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
function unchunk(text: string): [body: string, rest: string] {
	let body = "";
	for (let rest = text; ; ) {
		const size = /^([0-9a-f]+)\r\n/.exec(rest);
		if (size === null) throw new Error(`No chunk begins so: ${JSON.stringify(rest.slice(0, 100))}`);
		const length = Number.parseInt(size[1] ?? "", 16);
		const at = size[0].length;
		if (rest.slice(at + length, at + length + 2) !== "\r\n")
			throw new Error("A chunk is too long.");
		body += rest.slice(at, at + length);
		rest = rest.slice(at + length + 2);
		if (length === 0) return [body, rest];
	}
}
