import { startServer } from "../support/server.ts";
import { honoApp, publishingScript, wholeProgram } from "./mounted.ts";
import { runs } from "./suite/runs.ts";
import { runtimeSuite } from "./suite.ts";

const fixture = (file: string) => (env: Record<string, string>) =>
	startServer("node", { program: [`test/runtimes/fixtures/${file}`], env });

runtimeSuite(
	{
		name: "node",
		embedded: "memory",
		hostHeaders: ["connection", "date", "transfer-encoding"],
		sharesUpstream: true,
		endsStreams: true,
		noticesDeparture: true,
	},
	(shared) => {
		honoApp(shared, fixture("hono-node.ts"));
		wholeProgram(shared, "serve({ fetch: sse.fetch })", fixture("node-serve.ts"));
		publishingScript(shared, "node", []);
		runs(shared, fixture("runs-node.ts"));
	},
);
