import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { json } from "node:stream/consumers";
import { until } from "edge-sse/testing";
import { subjectOf } from "./nats.ts";

export const token = "s3cret/of:the@suite";

/** A `nats-server` of the tests' own, and what its monitoring port tells of it. */
export async function startNats() {
	const [port, monitor] = [await freePort(), await freePort()];
	const args = ["-a", "127.0.0.1", "-p", String(port), "-m", String(monitor), "--auth", token];
	let child: ChildProcess | undefined;

	// Not by `fetch`, whose timers the suite would take for the connector's.
	const ask = async (path: string, timeout = 5_000) => {
		const request = get({ port: monitor, path: `/${path}`, agent: false, timeout });
		request.once("timeout", () => request.destroy(new Error("nats-server does not answer.")));
		const [response] = await once(request, "response");
		return (await json(response)) as Status;
	};
	const connections = async () => (await ask("connz?subs=1&limit=10000")).connections ?? [];
	const start = async () => {
		child = spawn("nats-server", args, { stdio: "ignore" });
		const failed = once(child, "error").then(([error]) => {
			throw error;
		});
		// Its monitoring answers first: clients may connect once it says "ok".
		const isReady = async () => (await ask("healthz").catch(() => undefined))?.status === "ok";
		await Promise.race([until(isReady, { what: "nats-server to be ready" }), failed]);
	};
	const stop = async () => {
		if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
		const gone = once(child, "exit");
		child.kill("SIGKILL");
		await gone;
	};
	process.on("exit", () => child?.kill("SIGKILL"));
	await start();
	return {
		url: `127.0.0.1:${port}`,
		start,
		stop,
		pause: async () => {
			child?.kill("SIGSTOP");
			const silent = () =>
				ask("healthz", 50).then(
					() => false,
					() => true,
				);
			await until(silent, { what: "nats-server to stand still" });
		},
		resume: () => void child?.kill("SIGCONT"),
		numsub: async (channel: string) => {
			const lists = (await connections()).map((each) => each.subscriptions_list ?? []);
			return lists.flat().filter((subject) => subject === subjectOf(channel)).length;
		},
		clients: async () => (await connections()).length,
		publishes: async () => (await ask("varz")).in_msgs ?? 0,
	};
}

interface Status {
	connections?: { subscriptions_list?: string[] }[];
	in_msgs?: number;
	status?: string;
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	return port;
}
