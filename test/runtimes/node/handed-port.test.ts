import type { ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { HandedPort } from "../../../src/server/listen/shared-port.ts";
import { until } from "../../support/wait.ts";

/** A child that records what it gets, and confirms nothing by itself. */
class Child extends EventEmitter {
	readonly handed: { number: number; socket: Socket }[] = [];

	send({ connection }: { connection: number }, socket: Socket): void {
		this.handed.push({ number: connection, socket });
	}

	accept(): void {
		for (const { number } of this.handed) this.emit("message", { accepted: number });
	}
}

async function scene(mostHeld = 100) {
	const port = await new HandedPort(mostHeld).open(0, "127.0.0.1");
	const clients: Socket[] = [];
	onTestFinished(() => {
		port.close();
		for (const client of clients) client.destroy();
	});
	const add = () => {
		const child = new Child();
		port.add(child as unknown as ChildProcess);
		return child;
	};
	const client = () => {
		const socket = connect(port.port, "127.0.0.1");
		clients.push(socket);
		return socket;
	};
	return { port, add, client };
}

test("a connection goes to the child with the fewest unconfirmed ones, in turn", async () => {
	const { add, client } = await scene();
	const [a, b] = [add(), add()];
	for (let next = 1; next <= 4; next++) {
		client();
		await until(() => a.handed.length + b.handed.length === next, { what: "the connection" });
	}
	expect([a.handed.length, b.handed.length]).toEqual([2, 2]);
	// A child that hangs gets none.
	b.accept();
	for (let next = 3; next <= 4; next++) {
		client();
		await until(() => b.handed.length === next, { what: "the connection" });
		b.accept();
	}
	expect(a.handed).toHaveLength(2);
	expect(b.handed.every(({ socket }) => socket.destroyed)).toBe(true);
	expect(a.handed.every(({ socket }) => socket.destroyed)).toBe(false);
});

test("what a dying child has not confirmed goes to another, or waits for one", async () => {
	const { port, add, client } = await scene();
	const a = add();
	client();
	client();
	await until(() => a.handed.length === 2, { what: "both" });
	a.emit("message", { accepted: a.handed[0]?.number });
	a.emit("exit", null, "SIGKILL");
	client();
	const b = add();
	await until(() => b.handed.length === 2, { what: "those that waited" });
	expect(b.handed[0]?.socket).toBe(a.handed[1]?.socket);
	expect(b.handed[0]?.socket.destroyed).toBe(false);
	// A child that leaves gets no more, and keeps what it has.
	const c = add();
	port.remove(b as unknown as ChildProcess);
	client();
	await until(() => c.handed.length === 1, { what: "the last" });
	b.emit("exit", 0, null);
	expect(c.handed).toHaveLength(3);
});

test("unconfirmed connections are bounded: one more is closed, and logged", async () => {
	const log = vi.spyOn(console, "error").mockReturnValue();
	onTestFinished(() => log.mockRestore());
	const { add, client } = await scene(3);
	const child = add();
	const held = [client(), client(), client()];
	await until(() => child.handed.length === 3, { what: "all that may be held" });
	const closed = once(client().resume(), "close");
	await closed;
	expect(child.handed).toHaveLength(3);
	expect(log.mock.calls.join()).toContain("3 wait for processes that do not take them");
	child.accept();
	expect(held.some(({ destroyed }) => destroyed)).toBe(false);
	client();
	await until(() => child.handed.length === 4, { what: "one more" });
});
