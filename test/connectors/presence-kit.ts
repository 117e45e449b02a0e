import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import type { Connector } from "../../src/core/connector.ts";
import { ServerSentEvents, type ServerSentEventsOptions } from "../../src/exports.ts";
import { Presence, type PresenceOptions } from "../../src/presence.ts";
import { parsed } from "../unit/core/message/parsed.ts";

/** What the tests of presence on each connector have in common. */

export const ttl = 3_000;
export const grace = 400;
export const patience = { interval: 50 };

interface Told {
	occupancy: number;
	members?: { id: string; data?: unknown }[];
	joined?: { id: string; data?: unknown }[];
	left?: string[];
}

export function instance(
	connector: Connector,
	options: Partial<PresenceOptions> = {},
	own: Partial<ServerSentEventsOptions> = {},
) {
	const reports: string[] = [];
	const sse = new ServerSentEvents({
		connector,
		onError: (error, { stage }) => void reports.push(`${stage}: ${(error as Error).message}`),
		...own,
	});
	onTestFinished(() => sse.close());
	const presence = new Presence(sse, {
		id: (request) => request.headers.get("x-user"),
		data: (_, id) => ({ name: id.toUpperCase() }),
		events: (request) => request.headers.get("x-sees") === "1",
		...{ ttl, grace },
		...options,
	});
	return { sse, presence, reports };
}

/** One stream: what it was told of the members, and what a page then knows. */
export async function visit(sse: ServerSentEvents, channel: string, user = "", sees = true) {
	const headers = { ...(user && { "x-user": user }), ...(sees && { "x-sees": "1" }) };
	const query = `channel=${encodeURIComponent(channel)}&presence=1`;
	const response = await sse.fetch(new Request(`http://localhost/?${query}`, { headers }));
	const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
	let text = "";
	const reading = (async () => {
		for (;;) {
			const step = await reader?.read();
			if (step === undefined || step.done) return;
			text += step.value;
		}
	})();
	const leave = async () => {
		await reader?.cancel();
		await reading;
	};
	onTestFinished(leave);
	const told = (): Told[] =>
		parsed(text)
			.events.filter(({ event }) => event === "sse.presence")
			.map(({ data }) => JSON.parse(data));
	const known = () => {
		const here = new Set<string>();
		for (const { members, joined = [], left = [] } of told()) {
			if (members !== undefined) here.clear();
			for (const { id } of [...(members ?? []), ...joined]) here.add(id);
			for (const id of left) here.delete(id);
		}
		return [...here].sort();
	};
	return { leave, told, known, text: () => text };
}

/** A stream that nobody reads, and that asks for no events. */
export async function visitSilently(sse: ServerSentEvents, channel: string, user: string) {
	const headers = { "x-user": encodeURIComponent(user) };
	const request = new Request(`http://localhost/?channel=${encodeURIComponent(channel)}`, {
		headers,
	});
	// Headers hold bytes, and the id holds any text.
	Object.defineProperty(request, "headers", { value: new Map([["x-user", user]]) });
	const { body } = await sse.fetch(request);
	onTestFinished(async () => body?.cancel());
}

/** A process with members, to be killed. */
export async function present(target: unknown, channels: string[], ids: string[], env = {}) {
	const program = new URL("fixtures/present.ts", import.meta.url).pathname;
	const child: ChildProcess = spawn(process.execPath, [program], {
		env: {
			...process.env,
			...{ TARGET: JSON.stringify(target), CHANNELS: channels.join(), IDS: ids.join() },
			...{ TTL: String(ttl), GRACE: String(grace), ...env },
		},
		stdio: ["ignore", "pipe", "inherit"],
	});
	onTestFinished(() => void child.kill("SIGKILL"));
	if (child.stdout !== null) await once(child.stdout, "data");
	return child;
}
