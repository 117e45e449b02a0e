import type { ObjectSocket, ObjectState } from "cloudflare:workers";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { HibernatingSockets } from "../../../src/durable-object/sockets.ts";

const limits = { connections: 3, bufferedBytes: 100 };

beforeEach(() => {
	vi.useFakeTimers();
	onTestFinished(() => void vi.useRealTimers());
});

/** An object's sockets as the platform keeps them. */
function platform() {
	const sockets: (ObjectSocket & { sent: string[]; closed: unknown[]; alive?: Date })[] = [];
	const ctx = {
		acceptWebSocket: (socket: (typeof sockets)[number]) => void sockets.push(socket),
		getWebSockets: () => sockets,
		getTags: () => ["edge-sse"],
		setWebSocketAutoResponse: () => undefined,
		getWebSocketAutoResponseTimestamp: ({ alive }: (typeof sockets)[number]) => alive ?? null,
	} as unknown as ObjectState;
	const pair = () => {
		let attachment: unknown;
		const sent: string[] = [];
		const closed: unknown[] = [];
		const socket = {
			sent,
			closed,
			get readyState() {
				return closed.length === 0 ? 1 : 3;
			},
			send: (text: string) => void sent.push(text),
			close: (code?: number) => void closed.push(code),
			serializeAttachment: (value: unknown) => {
				attachment = structuredClone(value);
			},
			deserializeAttachment: () => attachment,
		};
		return { 0: {}, 1: socket };
	};
	vi.stubGlobal("WebSocketPair", pair);
	return { ctx, sockets };
}

test("a Worker without a sign of life for 90 s is closed at the next publish", async () => {
	const { ctx, sockets } = platform();
	for (let n = 0; n < 3; n++) ctx.acceptWebSocket(accepted());
	const held = new HibernatingSockets(ctx, limits);
	expect(held.send("one")).toBe(3);
	vi.advanceTimersByTime(60_000);
	const [, second, third] = sockets;
	if (second !== undefined) second.alive = new Date();
	vi.advanceTimersByTime(31_000);
	// As after hibernation: only the platform's own state is left.
	expect(new HibernatingSockets(ctx, limits).send("two")).toBe(1);
	expect(sockets.map(({ closed }) => closed)).toEqual([[4_002], [], [4_002]]);
	expect([second?.sent, third?.sent]).toEqual([["mone", "mtwo"], ["mone"]]);
	// Its attachment is small: the platform allows at most 16 KiB.
	expect(JSON.stringify(second?.deserializeAttachment()).length).toBeLessThan(50);
});

test("confirmed bytes free the buffer, and too many unconfirmed bytes close the socket", () => {
	const { ctx, sockets } = platform();
	ctx.acceptWebSocket(accepted());
	const held = new HibernatingSockets(ctx, limits);
	const [socket] = sockets;
	for (let n = 0; n < 5; n++) {
		expect(held.send("x".repeat(100))).toBe(1);
		held.receive(socket as ObjectSocket, "r101");
	}
	expect(held.send("x".repeat(100))).toBe(1);
	for (const text of ["r", "r-5", "rx", new ArrayBuffer(3), "ping"]) {
		held.receive(socket as ObjectSocket, text);
	}
	expect(held.send("y")).toBe(0);
	expect(socket?.closed).toEqual([4_001]);
});

function accepted(): never {
	const { 1: socket } =
		(globalThis as { WebSocketPair?: () => { 1: ObjectSocket } }).WebSocketPair?.() ?? {};
	socket?.serializeAttachment({ since: Date.now() });
	return socket as never;
}
