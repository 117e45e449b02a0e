import { mkdirSync, writeFileSync } from "node:fs";
import { apachePath } from "../../../scripts/tools.ts";
import { temporaryDirectory } from "../../support/directories.ts";
import type { ProxySoftware } from "./configuration.ts";
import { freePorts, startProxy } from "./start.ts";

/** The modules' folder on Debian. */
const modules = "/usr/lib/apache2/modules";

const loaded = [
	...["mpm_event", "authz_core", "proxy", "proxy_http", "headers", "env", "setenvif"],
	...["filter", "buffer", "deflate"],
];

export const apache: ProxySoftware = {
	name: "Apache",
	configurations: [
		{ lines: "`ProxyPass` alone", written: "", finds: [] },
		{ lines: "SetOutputFilter BUFFER", finds: [] },
		{ lines: "SetOutputFilter DEFLATE", finds: ["advice compression"] },
		{ lines: "ProxyTimeout 2", finds: ["fault idle"] },
		{ lines: "RequestHeader unset Last-Event-ID", finds: ["fault last-event-id"] },
		{ lines: "Header unset Cache-Control", finds: ["fault headers"] },
		{
			lines: "ProxyPreserveHost On; RequestHeader set Host events.example.com",
			finds: ["fault status"],
		},
		{
			lines: "SetEnv downgrade-1.0 1; SetEnv force-response-1.0 1",
			written: 'SetEnvIf Request_URI "^" downgrade-1.0 force-response-1.0',
			finds: ["fault http-version"],
		},
	],
	async start(configurations, hub) {
		const directory = temporaryDirectory();
		mkdirSync(`${directory}/logs`);
		const ports = await freePorts(configurations.length);
		const hosts = configurations.map(
			({ lines, written = lines }, at) => `Listen 127.0.0.1:${ports[at]}
<VirtualHost 127.0.0.1:${ports[at]}>
	ProxyPass "/" "${hub.origin}/"
	${written.split("; ").join("\n\t")}
</VirtualHost>
`,
		);
		const file = `${directory}/httpd.conf`;
		writeFileSync(
			file,
			`ServerRoot ${directory}
ServerName 127.0.0.1
PidFile ${directory}/httpd.pid
DefaultRuntimeDir ${directory}
ErrorLog "|/bin/cat"
LogLevel notice
User www-data
Group www-data
${loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join("\n")}
${hosts.join("")}`,
		);
		const command = [apachePath(), "-D", "FOREGROUND", "-f", file];
		return startProxy(command, /resuming normal operations()/, ports);
	},
};
