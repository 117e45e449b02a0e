import { writeFileSync } from "node:fs";
import { haproxyPath } from "../../../scripts/tools.ts";
import { temporaryDirectory } from "../../support/directories.ts";
import type { ProxySoftware } from "./configuration.ts";
import { freePorts, startProxy } from "./start.ts";

export const haproxy: ProxySoftware = {
	name: "HAProxy",
	configurations: [
		{ lines: "as [above](#haproxy)", written: "", finds: [] },
		{
			lines: "without `option http-no-delay`",
			written: "no option http-no-delay",
			finds: ["advice delivery"],
		},
		{ lines: "compression algo gzip; compression type text/event-stream", finds: [] },
		{ lines: "timeout server 2s", finds: ["fault idle"] },
		{ lines: "http-request del-header last-event-id", finds: ["fault last-event-id"] },
		{ lines: "http-response del-header cache-control", finds: ["fault headers"] },
		{ lines: "http-request set-header host events.example.com", finds: ["fault status"] },
		{ lines: "http-request deny deny_status 429 if { be_conn gt 0 }", finds: ["fault reconnect"] },
		{ lines: "http-response set-header content-type text/plain", finds: ["fault status"] },
	],
	async start(configurations, hub) {
		const file = `${temporaryDirectory()}/haproxy.cfg`;
		const ports = await freePorts(configurations.length);
		const sections = configurations.map(
			({ lines, written = lines }, at) => `listen l${at}
	bind 127.0.0.1:${ports[at]}
	server hub ${hub.host}
	${written.split("; ").join("\n\t")}
`,
		);
		writeFileSync(
			file,
			`global
	log stderr format raw local0 info
defaults
	mode http
	timeout connect 20s
	timeout server 1h
	timeout client 1h
	option http-no-delay
${sections.join("")}`,
		);
		return startProxy(
			[haproxyPath(), "-db", "-V", "-f", file],
			/Using epoll|Loading success()/,
			ports,
		);
	},
};
