import { entries } from "./installed.ts";

/** The greatest size of a Worker with Upstash, in bytes, minified and gzipped. */
export const workerBudget = 42_400;

/** The same for a Worker with objects in its bundle. Their code also counts members and ends streams. */
export const objectWorkerBudget = 42_800;

/** Every public name that exists at run time. One more or less is a change for users. */
export const publicNames: Record<string, string[]> = {
	"edge-sse": [
		"ConfigurationError",
		"ConnectorError",
		"Message",
		"ServerSentEvents",
		"SseError",
		"ValidationError",
		"sse",
	],
	"edge-sse/memory": ["memory"],
	"edge-sse/redis": ["redis"],
	"edge-sse/upstash": ["polling", "upstash"],
	"edge-sse/durable-object": ["SseChannel", "durableObject"],
	"edge-sse/publish": [
		"ConfigurationError",
		"ConnectorError",
		"PublishTarget",
		"SseError",
		"durableObject",
		"publish",
		"publishAll",
		"redis",
		"upstash",
	],
	"edge-sse/compress": ["gzip"],
	"edge-sse/client": ["EventClient"],
	"edge-sse/react": ["useEvent", "useEventState", "useLatest"],
	"edge-sse/hono": ["sseMiddleware", "stream"],
	"edge-sse/node": ["toNodeHandler"],
	"edge-sse/runs": [
		"RunError",
		"Runs",
		"aiSdkChunks",
		"aiSdkFormat",
		"assistantStreamStore",
		"resumableStreams",
		"tanstackDurability",
	],
	"edge-sse/presence": ["Presence"],
	"edge-sse/relay": ["relay", "relayHandler"],
	"edge-sse/testing": [
		"Recorder",
		"checkEventStream",
		"connectorContract",
		"readMessages",
		"testBroker",
		"until",
	],
	"edge-sse/auth": ["jwtAuthorizer", "jwtPublishAuthorizer", "signChannels"],
};

/**
 * What a host may have besides Web standards: modules of Node (`node:net`) or Cloudflare
 * (`cloudflare:workers`). Also what a project may have besides this package.
 */
type Need = "node" | "cloudflare" | "react";

/** What an entry needs of its host. Entries without a row work everywhere. */
const needs: Record<string, Need> = {
	"edge-sse/redis": "node",
	"edge-sse/node": "node",
	"edge-sse/compress": "node",
	"edge-sse/durable-object": "cloudflare",
	"edge-sse/react": "react",
};

/** The entries for a host that has these. */
export function entriesWith(...has: Need[]): string[] {
	return entries.filter((entry) => {
		const need = needs[entry];
		return need === undefined || has.includes(need);
	});
}

/** The names of these entries, as `check()` reports them. */
export function namesOf(some: readonly string[]): Record<string, string[] | undefined> {
	return Object.fromEntries(some.map((entry) => [entry, publicNames[entry]]));
}

/**
 * A module that imports these entries. Its `check({ redis, upstash })` streams and publishes through memory and
 * the given brokers, and reports the result.
 */
export function smoke(some: readonly string[]): string {
	const imports = some.map((entry, at) => `import * as entry${at} from "${entry}";`).join("\n");
	const table = some.map((entry, at) => `"${entry}": entry${at}`).join(", ");
	return `${imports}
const entries = { ${table} };
const { ServerSentEvents } = entries["edge-sse"];

async function heard(connector) {
	const sse = new ServerSentEvents({ connector });
	const channel = crypto.randomUUID(); // unique, because others use the broker
	const response = await sse.fetch(new Request("http://localhost/any/path?channel=" + channel));
	const { receivers } = await sse.publish({ text: "héllo" }, { type: "greeting", channel });
	const reader = response.body.getReader();
	const decoder = new TextDecoder();
	let text = "";
	while (!text.includes("data:")) {
		const { value, done } = await reader.read();
		if (done) throw new Error("The stream has ended, and brought: " + text);
		text += decoder.decode(value, { stream: true });
	}
	await reader.cancel();
	await sse.close();
	return { status: response.status, receivers, text };
}

export async function check({ redis, upstash }) {
	const names = Object.entries(entries).map(([entry, names]) => [entry, Object.keys(names).sort()]);
	const { memory } = entries["edge-sse/memory"];
	const told = { names: Object.fromEntries(names), memory: await heard(memory()) };
	// Longer than the default, for a busy machine.
	const timeout = 20_000;
	if (upstash) told.upstash = await heard(entries["edge-sse/upstash"].upstash({ ...upstash, timeout }));
	if (redis) told.redis = await heard(entries["edge-sse/redis"].redis(redis, { timeout }));
	return told;
}
`;
}

/** What `check()` reports of each connector that works. */
export const heard = {
	status: 200,
	receivers: 1,
	text: ':\n\nevent:greeting\ndata:{"text":"héllo"}\n\n',
};
