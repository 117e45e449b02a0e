import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { openStream } from "../../support/event-stream.ts";
import { call } from "../../support/hub-client.ts";
import type { ServerProcess } from "../../support/server.ts";
import { fault, type Runtime, type Scene } from "../scene.ts";

/** How a stream begins whose one hook is broken in one way. */
const outcomes: Record<string, Record<"throws" | "rejects" | "hangs", number | "waits">> = {
	authorize: { throws: 500, rejects: 500, hangs: "waits" },
	key: { throws: 200, rejects: 200, hangs: "waits" },
	onConnect: { throws: 200, rejects: 200, hangs: 200 },
	onDisconnect: { throws: 200, rejects: 200, hangs: 200 },
	onError: { throws: 200, rejects: 200, hangs: 200 },
	// It makes no promise, and a promise is no connector.
	connector: { throws: 500, rejects: 500, hangs: 500 },
};

/** Hooks of users, broken. */
export function hooks(runtime: Runtime): void {
	fault(
		runtime,
		"a user's hook that throws, rejects or never returns affects only its own request",
		async (s) => {
			const server = await s.program("hooks.ts");
			const visits = Object.entries(outcomes).flatMap(([hook, ways]) =>
				Object.entries(ways).map(async ([way, status]) => {
					const begun = beginning(s, server, `/${hook}/${way}`, status === "waits");
					expect(await begun, `${hook} ${way}`).toBe(status);
				}),
			);
			await Promise.all(visits);
			// All clients have left. Whatever a hook does then, another round works just the same.
			for (const hook of ["onDisconnect", "onError"]) {
				expect(await beginning(s, server, `/${hook}/rejects`, false)).toBe(200);
			}
		},
	);
}

/** The answer's status, once an event has come where there is a stream, or that there is none. */
async function beginning(
	s: Scene,
	server: ServerProcess,
	path: string,
	waits: boolean,
): Promise<number | "waits"> {
	const opening = openStream(`${server.url}${path}`);
	const stream = await Promise.race([opening, delay(waits ? 1_500 : 20_000, undefined)]);
	if (stream === undefined) {
		// It never comes: the client is closed with the test.
		s.use({
			close: () =>
				void opening.then(
					(late) => late.close(),
					() => undefined,
				),
		});
		return "waits";
	}
	if (stream.status === 200) {
		await stream.comment();
		await call(`${server.url}/publish`);
		await stream.event();
	}
	stream.close();
	return stream.status;
}
