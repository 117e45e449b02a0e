import { writeFileSync } from "node:fs";
import { caddyPath } from "../../../scripts/tools.ts";
import { temporaryDirectory } from "../../support/directories.ts";
import type { ProxySoftware } from "./configuration.ts";
import { freePorts, startProxy } from "./start.ts";

export const caddy: ProxySoftware = {
	name: "Caddy",
	configurations: [
		{ lines: "as [above](#caddy)", written: "", finds: [] },
		{ lines: "buffer_responses", finds: ["fault first-byte"] },
		{ lines: "encode gzip", finds: [] },
		{ lines: "transport http { read_timeout 2s }", finds: ["fault idle"] },
		{ lines: "header_up -Last-Event-ID", finds: ["fault last-event-id"] },
		{ lines: "header_down -Cache-Control", finds: ["fault headers"] },
		{ lines: "header_up Host events.example.com", finds: ["fault status"] },
		{ lines: "header_down Content-Type text/plain", finds: ["fault status"] },
	],
	async start(configurations, hub) {
		const directory = temporaryDirectory();
		const file = `${directory}/Caddyfile`;
		const ports = await freePorts(configurations.length);
		const sites = configurations.map(({ lines, written = lines }, at) => {
			const isOfSite = written.startsWith("encode");
			const inner = isOfSite ? "" : written.replace("{ ", "{\n").replace(" }", "\n}");
			return `http://127.0.0.1:${ports[at]} {
${isOfSite ? written : ""}
reverse_proxy ${hub.host} {
${inner}
}
}
`;
		});
		writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n}\n${sites.join("")}`);
		const command = [caddyPath(), "run", "--adapter", "caddyfile", "--config", file];
		const env = { HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
		return startProxy(command, /serving initial configuration()/, ports, env);
	},
};
