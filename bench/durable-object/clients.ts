/**
 * A process of clients on bare sockets. `{ connect: n }` opens that many streams. `{ report: true }` answers how many of
 * them each message has reached, and when it reached the last one.
 */
import { connect, type Socket } from "node:net";

const [, , port = "", path = ""] = process.argv;

/** For each message's number: how many clients have it, and when the last one got it. */
const arrivals = new Map<number, { count: number; last: number }>();
let broken = 0;

process.on("message", (order: { connect?: number; report?: true }) => {
	if (order.connect !== undefined) {
		void connectAll(order.connect).then((opened) => process.send?.({ opened }));
	}
	if (order.report) process.send?.({ arrivals: [...arrivals], broken });
});
process.on("disconnect", () => process.exit());

async function connectAll(count: number): Promise<number> {
	let opened = 0;
	for (let begun = 0; begun < count; begun += 100) {
		const batch = Array.from({ length: Math.min(100, count - begun) }, () => open());
		opened += (await Promise.all(batch)).filter((isOpen) => isOpen).length;
	}
	return opened;
}

/** Opens a stream. Resolves with the first comment, or when the stream cannot have one. */
function open(): Promise<boolean> {
	return new Promise((resolve) => {
		const socket: Socket = connect(Number(port), "127.0.0.1", () => {
			socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
		});
		socket.setEncoding("latin1");
		let rest = "";
		socket.on("data", (text: string) => {
			rest += text;
			const end = rest.lastIndexOf("\n\n");
			if (end < 0) return;
			const now = performance.timeOrigin + performance.now();
			for (const [, number] of rest.slice(0, end + 2).matchAll(/^data:(\d+) /gm)) {
				const arrival = arrivals.get(Number(number)) ?? { count: 0, last: 0 };
				arrivals.set(Number(number), { count: arrival.count + 1, last: now });
			}
			rest = rest.slice(end + 2);
			resolve(true);
		});
		socket.on("error", () => resolve(false));
		socket.on("close", () => {
			broken++;
			resolve(false);
		});
	});
}
