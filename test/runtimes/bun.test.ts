import { startServer } from "../support/server.ts";
import { honoApp, publishingScript, wholeProgram } from "./mounted.ts";
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
	(bed) => {
		honoApp(bed, fixture("hono-app.ts"));
		wholeProgram(bed, "export { sse as default }", fixture("default-export.ts"));
		wholeProgram(bed, "Bun.serve(sse)", fixture("bun-serve.ts"));
		publishingScript(bed, "bun", []);
	},
);
