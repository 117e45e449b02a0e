import { writeFileSync } from "node:fs";
import { varnishPath } from "../../../scripts/tools.ts";
import { temporaryDirectory } from "../../support/directories.ts";
import type { Configuration, ProxySoftware } from "./configuration.ts";
import { freePorts, startProxy } from "./start.ts";

export const varnish: ProxySoftware = {
	name: "Varnish",
	configurations: [
		{ lines: "a backend alone", written: "", finds: [] },
		{ lines: "recv: return (pass);", finds: [] },
		{ lines: "backend_response: set beresp.do_stream = false;", finds: ["fault first-byte"] },
		{
			lines: "backend_response: set beresp.do_gzip = true;",
			finds: ["advice first-byte", "fault compression"],
		},
		{
			lines: ".between_bytes_timeout = 2s;",
			written: "backend_fetch: set bereq.between_bytes_timeout = 2s;",
			finds: ["fault idle"],
		},
		{ lines: "recv: unset req.http.Last-Event-ID;", finds: ["fault last-event-id"] },
		{ lines: "deliver: unset resp.http.Cache-Control;", finds: ["fault headers"] },
		{
			lines: 'backend_fetch: set bereq.http.Host = "events.example.com";',
			finds: ["fault status"],
		},
		{
			lines:
				"backend_response: set beresp.ttl = 1m; set beresp.uncacheable = false; return (deliver);",
			finds: ["fault cache"],
		},
	],
	async start(configurations, hub) {
		const directory = temporaryDirectory();
		const file = `${directory}/proxy.vcl`;
		const ports = await freePorts(configurations.length);
		writeFileSync(
			file,
			`vcl 4.1;
backend hub { .host = "${hub.hostname}"; .port = "${hub.port}"; }
${["recv", "backend_fetch", "backend_response", "deliver"].map((name) => subroutine(name, configurations)).join("\n")}
`,
		);
		const sockets = ports.flatMap((port, at) => ["-a", `s${at}=127.0.0.1:${port}`]);
		const command = [
			...[varnishPath(), "-F", "-n", directory, "-f", file, ...sockets],
			...["-j", "none", "-s", "malloc,16m", "-p", "vcc_allow_inline_c=off"],
		];
		return startProxy(command, /Child launched OK|Child \(\d+\) Started()/, ports);
	},
};

/** What each configuration does in one of Varnish's steps. */
function subroutine(name: string, configurations: readonly Configuration[]): string {
	const parts = configurations.flatMap(({ lines, written = lines }, at) => {
		const [step, ...rest] = written.split(": ");
		return step === name ? [`if (local.socket == "s${at}") { ${rest.join(": ")} }`] : [];
	});
	// A cache must not give one configuration the other's stream.
	const hash = name === "recv" ? "set req.http.X-Socket = local.socket;" : "";
	return `sub vcl_${name} { ${hash}\n${parts.join("\n")}\n}${
		name === "recv" ? "\nsub vcl_hash { hash_data(req.http.X-Socket); }" : ""
	}`;
}
