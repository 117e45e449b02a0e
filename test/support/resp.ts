import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";

/** A reply of Redis' second protocol. */
export type Reply = string | number | null | Reply[];

export interface RespTarget {
	port: number;
	/** Speak TLS; a test server's certificate is its own authority, so it is not verified here. */
	tls: boolean;
	timeout: number;
}

/** Sends commands over a connection of their own and returns the last reply. For tests. */
export function redisCommand(target: RespTarget, commands: string[][]): Promise<Reply> {
	return new Promise((resolve, reject) => {
		const at = { host: "127.0.0.1", port: target.port };
		const socket = target.tls ? connectTls({ ...at, rejectUnauthorized: false }) : connectTcp(at);
		let received: Buffer = Buffer.alloc(0);
		const replies: Reply[] = [];
		const fail = (error: Error) => {
			socket.destroy();
			reject(error);
		};
		socket.setTimeout(target.timeout, () =>
			fail(new Error(`Redis on port ${target.port} gave no answer in ${target.timeout} ms.`)),
		);
		socket.on("error", fail);
		socket.on("close", () => reject(new Error(`Redis on port ${target.port} hung up.`)));
		socket.on("data", (chunk: Buffer) => {
			received = Buffer.concat([received, chunk]);
			for (;;) {
				const parsed = parse(received, 0);
				if (parsed === undefined) return;
				received = received.subarray(parsed.end);
				if (parsed.value instanceof Error) return fail(parsed.value);
				replies.push(parsed.value);
				if (replies.length === commands.length) {
					resolve(parsed.value);
					socket.destroy();
					return;
				}
			}
		});
		for (const command of commands) socket.write(encode(command));
	});
}

function encode(command: string[]): string {
	const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
	return `*${command.length}\r\n${parts.join("")}`;
}

/** One reply from `start`; undefined until it is complete. */
function parse(buffer: Buffer, start: number): { value: Reply | Error; end: number } | undefined {
	const lineEnd = buffer.indexOf("\r\n", start);
	if (lineEnd === -1) return undefined;
	const text = buffer.toString("utf8", start + 1, lineEnd);
	const next = lineEnd + 2;
	const sign = String.fromCharCode(buffer[start] ?? 0);
	if (sign === "+") return { value: text, end: next };
	if (sign === "-") return { value: new Error(text), end: next };
	if (sign === ":") return { value: Number(text), end: next };
	const length = Number(text);
	if (sign === "$") {
		if (length === -1) return { value: null, end: next };
		if (buffer.length < next + length + 2) return undefined;
		return { value: buffer.toString("utf8", next, next + length), end: next + length + 2 };
	}
	if (sign !== "*") throw new Error(`Redis answered what is no RESP2: ${sign}${text}`);
	if (length === -1) return { value: null, end: next };
	const items: Reply[] = [];
	let end = next;
	for (let i = 0; i < length; i++) {
		const item = parse(buffer, end);
		if (item === undefined) return undefined;
		if (item.value instanceof Error) return item;
		items.push(item.value);
		end = item.end;
	}
	return { value: items, end };
}
