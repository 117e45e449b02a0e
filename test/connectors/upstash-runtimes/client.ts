import { upstash } from "../../../src/connectors/upstash.ts";

// A client of the gateway, for every runtime. It publishes, waits for "go", publishes again, reports the
// outcome, and leaves after a garbage collection.

interface Host {
	process: { env: Record<string, string | undefined> };
	gc?: () => void;
	Bun?: { gc(synchronously: boolean): void };
}
const { process, gc, Bun } = globalThis as unknown as Host;
const collect = () => (Bun === undefined ? gc?.() : Bun.gc(true));
const turn = () => new Promise((resolve) => setTimeout(resolve, 10));

const connector = upstash();
const told = Promise.withResolvers<void>();
const subscription = await connector.subscribe("go", {
	onMessage: () => told.resolve(),
	onLost: (error) => told.reject(error),
	onRestored: () => undefined,
	onEnd: () => undefined,
});
await connector.publish("channel", "to warm the connection");
await told.promise;

const outcome = await connector.publish("channel", "once").then(
	() => "resolved",
	(error: { code?: string }) => error.code,
);
for (let round = 0; round < 3; round++) {
	collect();
	await turn();
}
await subscription.unsubscribe();
console.log(JSON.stringify({ outcome, collected: gc !== undefined || Bun !== undefined }));
// The end of the process would end the stream, too. The process stays until it is told to end, or its time is
// up.
for (let i = 0; i < 1_000 && process.env.STAY !== undefined; i++) await turn();
