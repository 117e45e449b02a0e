import { writeFileSync } from "node:fs";
import { nchanPath } from "../../scripts/tools.ts";
import { temporaryDirectory } from "./directories.ts";
import { freePort } from "./ports.ts";
import { type Server, startProgram } from "./server.ts";

/** nginx with nchan: `/stream?channel=…` for `EventSource`, and a POST to `/publish?channel=…`. */
export async function startNchan(): Promise<Server> {
	const directory = temporaryDirectory();
	const url = `http://127.0.0.1:${await freePort()}`;
	writeFileSync(`${directory}/nginx.conf`, configuration(new URL(url).host));
	// Once it listens it prints nothing more.
	const command = [nchanPath(), "-p", directory, "-c", "nginx.conf", "-e", "stderr"];
	const server = await startProgram(command, { announces: /start worker process \d+()/ });
	return { ...server, url };
}

function configuration(listen: string): string {
	return `daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr notice;
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
events {}
http {
	access_log off;
	client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
	server {
		listen ${listen};
		location = /stream {
			nchan_subscriber eventsource;
			nchan_channel_id $arg_channel;
			nchan_subscriber_first_message oldest;
			nchan_eventsource_ping_interval 1;
		}
		location = /publish {
			nchan_publisher http;
			nchan_channel_id $arg_channel;
		}
	}
}
`;
}
