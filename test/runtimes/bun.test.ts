import { expect, it } from "vitest";
import { call } from "../support/hub-client.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/wait.ts";
import type { Fixture } from "./fixture.ts";
import { honoApp, publishingScript, type StartFixture, wholeProgram } from "./mounted.ts";
import { runs } from "./suite/runs.ts";
import { runtimeSuite } from "./suite.ts";

const fixture = (file: string) => (env: Record<string, string>) =>
	startServer("bun", { program: [`test/runtimes/fixtures/${file}`], env });

runtimeSuite(
	{
		name: "bun",
		embedded: "memory",
		hostHeaders: ["date", "transfer-encoding"],
		sharesUpstream: true,
		endsStreams: true,
		noticesDeparture: true,
	},
	(shared) => {
		honoApp(shared, fixture("hono-app.ts"));
		wholeProgram(shared, "export { sse as default }", fixture("default-export.ts"));
		wholeProgram(shared, "Bun.serve(sse)", fixture("bun-serve.ts"));
		publishingScript(shared, "bun", []);
		runs(shared, fixture("runs-app.ts"));
		passedOn(shared, fixture("bun-passed-on.ts"));
	},
);

/**
 * A body that a program passes on in another form streams, ends, and disconnects slow clients, as the stream
 * itself does.
 */
function passedOn(shared: Fixture, start: StartFixture): void {
	it.for(["itself", "wrapped", "piped", "cloned"])(
		"a stream that is passed on streams, can be left, and disconnects a slow client: %s",
		async (as, t) => {
			const scene = shared.scene(t);
			const server = scene.use(await start({}));
			const url = `${server.url}/?channel=news&as=${as}`;
			const say = (body: string) => call(url, { method: "POST", body });
			const connections = async () =>
				(JSON.parse((await call(`${server.url}/stats`)).body) as { connections: number })
					.connections;
			const reader = await scene.open(url);
			await reader.comment();
			await say("hello");
			expect(await reader.event()).toMatchObject({ data: "hello" });
			const sleeper = await scene.openSocket(url);
			await sleeper.comment();
			sleeper.pause();
			for (let sent = 1; (await connections()) === 2; sent++) {
				expect(sent, "messages of 250 kB to a client that does not read").toBeLessThan(256);
				await say("x".repeat(250_000));
				await reader.event(sent);
			}
			await until(() => server.output.includes("reported slow_consumer"), { what: "the report" });
			expect(server.output.trim().split("\n")).toHaveLength(2);
			expect(reader.state).toBe("open");
			reader.close();
			await until(async () => (await connections()) === 0, { what: "the departure" });
		},
	);
}
