import { connect } from "node:net";
import { afterAll } from "vitest";
import { freePort } from "../../support/ports.ts";
import { type Server, startProgram } from "../../support/server.ts";
import { until } from "../../support/wait.ts";

const servers: Server[] = [];
afterAll(async () => {
	await Promise.all(servers.map((server) => server.kill()));
});

/** Free ports, all different. */
export async function freePorts(count: number): Promise<number[]> {
	const ports = new Set<number>();
	while (ports.size < count) ports.add(await freePort());
	return [...ports];
}

/** Starts a proxy, which ends with the file, and waits until it listens on all of its ports. */
export async function startProxy(
	command: readonly string[],
	announces: RegExp,
	ports: readonly number[],
	env: Record<string, string> = {},
): Promise<string[]> {
	servers.push(await startProgram(command, { announces, env }));
	for (const port of ports) {
		await until(() => isListening(port), { what: `${command[0]} on port ${port}` });
	}
	return ports.map((port) => `http://127.0.0.1:${port}`);
}

function isListening(port: number): Promise<boolean> {
	const socket = connect({ host: "127.0.0.1", port });
	return new Promise((resolve) => {
		socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
	}).finally(() => socket.destroy()) as Promise<boolean>;
}
