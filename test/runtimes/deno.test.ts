import { startServer } from "../support/server.ts";
import { honoApp, publishingScript, wholeProgram } from "./mounted.ts";
import { runs } from "./suite/runs.ts";
import { runtimeSuite } from "./suite.ts";

const allowed = ["--no-prompt", "--allow-net", "--allow-env", "--allow-read"];

const fixture =
	(file: string, ...command: string[]) =>
	(env: Record<string, string>) =>
		startServer("deno", {
			program: [...command, ...allowed, `test/runtimes/fixtures/${file}`],
			env: { DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0", ...env },
		});
const served = (file: string) => fixture(file, "serve", "--host", "127.0.0.1", "--port", "0");

runtimeSuite(
	{
		name: "deno",
		embedded: "memory",
		hostHeaders: ["connection", "date", "transfer-encoding"],
		sharesUpstream: true,
		endsStreams: true,
		noticesDeparture: true,
	},
	(shared) => {
		honoApp(shared, served("hono-app.ts"));
		wholeProgram(shared, "export { sse as default } (deno serve)", served("default-export.ts"));
		wholeProgram(shared, "Deno.serve(sse.fetch)", fixture("deno-serve.ts", "run"));
		publishingScript(shared, "deno", ["run", ...allowed]);
		runs(shared, served("runs-app.ts"));
	},
);
