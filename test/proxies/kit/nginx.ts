import { writeFileSync } from "node:fs";
import { nchanPath } from "../../../scripts/tools.ts";
import { temporaryDirectory } from "../../support/directories.ts";
import type { ProxySoftware } from "./configuration.ts";
import { freePorts, startProxy } from "./start.ts";

export const nginx: ProxySoftware = {
	name: "nginx",
	configurations: [
		{
			lines: "as [above](#nginx)",
			written: 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_read_timeout 1h;',
			finds: [],
		},
		{ lines: "`proxy_pass` alone (HTTP/1.0 to the hub)", written: "", finds: [] },
		{ lines: "proxy_ignore_headers X-Accel-Buffering;", finds: ["fault first-byte"] },
		{
			lines: "gzip on; gzip_types text/event-stream; gzip_proxied any; gzip_min_length 0;",
			finds: ["advice compression"],
		},
		{ lines: "proxy_read_timeout 2s;", finds: ["fault idle"] },
		{ lines: 'proxy_set_header Last-Event-ID "";', finds: ["fault last-event-id"] },
		{ lines: "proxy_hide_header Cache-Control;", finds: ["fault headers"] },
		{ lines: "proxy_set_header Host events.example.com;", finds: ["fault status"] },
		{ lines: "limit_conn one 1;", finds: ["fault reconnect"] },
		{ lines: "add_header Access-Control-Allow-Origin *;", finds: ["fault cors"] },
		{ lines: "default_type text/plain; proxy_hide_header Content-Type;", finds: ["fault status"] },
	],
	async start(configurations, hub) {
		const directory = temporaryDirectory();
		const ports = await freePorts(configurations.length);
		const servers = configurations.map(
			({ lines, written = lines }, at) =>
				`server { listen 127.0.0.1:${ports[at]}; location / { proxy_pass ${hub.origin}; ${written} } }`,
		);
		writeFileSync(
			`${directory}/nginx.conf`,
			`daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr notice;
events {}
http {
	access_log off;
	client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
	limit_conn_zone $server_port$binary_remote_addr zone=one:1m;
	${servers.join("\n\t")}
}
`,
		);
		const command = [nchanPath(), "-p", directory, "-c", "nginx.conf", "-e", "stderr"];
		return startProxy(command, /start worker process \d+()/, ports);
	},
};
