import type { Paste } from "./finding.ts";
import { type ProxyName, proxies } from "./in-between.ts";

/** What can be wrong in the middle. */
export type Topic =
	| "buffering"
	| "delay"
	| "compression"
	| "idle"
	| "last-event-id"
	| "cache"
	| "cache-control"
	| "host"
	| "http-1.0"
	| "cors";

type Lines = Partial<Record<ProxyName | "the server", string>>;

/** Lines to paste. A comment marks a line to remove instead. */
const lines: Record<Topic, Lines> = {
	buffering: {
		nginx:
			"proxy_buffering off;\n# and take out: proxy_ignore_headers X-Accel-Buffering; proxy_hide_header X-Accel-Buffering;",
		HAProxy:
			"# HAProxy holds no answer back. Take out filters and Lua actions that wait for the body.",
		Apache:
			'ProxyPass "/stream" "http://127.0.0.1:8787/stream" flushpackets=on\n# and take out: SetOutputFilter BUFFER',
		Caddy:
			"reverse_proxy 127.0.0.1:8787 {\n\tflush_interval -1\n}\n# and take out: buffer_responses, response_buffers",
		Varnish:
			'sub vcl_backend_response {\n\tif (beresp.http.Content-Type ~ "^text/event-stream") {\n\t\tset beresp.do_stream = true;\n\t\tset beresp.uncacheable = true;\n\t}\n}',
		Cloudflare: "# The server's answer must say: Cache-Control: no-cache, no-transform",
		"the server":
			"Cache-Control: no-cache, no-transform\nX-Accel-Buffering: no\n# and a comment (a line with a colon, then an empty line) at once",
	},
	delay: {
		nginx: "tcp_nodelay on;",
		HAProxy: "option http-no-delay",
		Caddy: "flush_interval -1",
	},
	compression: {
		nginx: "gzip off;",
		HAProxy: "compression type text/html text/css application/javascript application/json",
		Apache: 'SetEnvIf Request_URI "^/stream" no-gzip=1 no-brotli=1',
		Caddy: "@others not path /stream*\nencode @others gzip",
		Varnish: "set beresp.do_gzip = false;",
		Cloudflare: "# The server's answer must say: Cache-Control: no-cache, no-transform",
		"the server": "# Mount the stream outside the middleware that compresses.",
	},
	idle: {
		nginx: "proxy_read_timeout 1h;",
		HAProxy: "timeout server 1h\ntimeout client 1h",
		Apache: "ProxyTimeout 3600",
		Caddy: "# Take out read_timeout, write_timeout and idle limits below 1h.",
		Varnish: ".first_byte_timeout = 1h;\n.between_bytes_timeout = 1h;",
		Cloudflare: "# It cuts after 100 s without bytes. The server must send a comment before.",
		"the server": "SSE_KEEP_ALIVE=8000   # the hub's; others: a comment every 15 s of silence",
	},
	"last-event-id": {
		nginx: "proxy_set_header Last-Event-ID $http_last_event_id;",
		HAProxy: "# Take out: http-request del-header last-event-id",
		Apache: "# Take out: RequestHeader unset Last-Event-ID",
		Caddy: "# Take out: header_up -Last-Event-ID",
		Varnish: "# Take out: unset req.http.Last-Event-ID;",
		Cloudflare: "# Take out the rule that removes the request header Last-Event-ID.",
	},
	cache: {
		nginx: "proxy_cache off;",
		HAProxy: "# Take out http-request cache-use and http-response cache-store for this path.",
		Apache: 'CacheDisable "/stream"',
		Caddy: "# Leave the cache out for this path.",
		Varnish: 'sub vcl_recv {\n\tif (req.url ~ "^/stream") {\n\t\treturn (pass);\n\t}\n}',
		Cloudflare: "# A cache rule for this path: bypass cache.",
		"the server": "Cache-Control: no-cache, no-transform",
	},
	"cache-control": {
		nginx: "# Take out: proxy_hide_header Cache-Control; add_header Cache-Control …; expires …;",
		HAProxy: "# Take out: http-response del-header cache-control, set-header cache-control",
		Apache: "# Take out: Header unset Cache-Control, ExpiresActive On",
		Caddy: "# Take out: header_down -Cache-Control, header Cache-Control",
		Varnish: "# Take out: unset beresp.http.Cache-Control; unset resp.http.Cache-Control;",
		Cloudflare: "# Browser Cache TTL: respect existing headers.",
		"the server": "Cache-Control: no-cache, no-transform",
	},
	host: {
		nginx: "proxy_set_header Host $proxy_host;",
		HAProxy: "http-request set-header host 127.0.0.1:8787",
		Apache: "ProxyPreserveHost Off",
		Caddy: "header_up Host {upstream_hostport}",
		Varnish: 'sub vcl_backend_fetch {\n\tset bereq.http.Host = "127.0.0.1:8787";\n}',
	},
	"http-1.0": {
		nginx: "proxy_http_version 1.1;",
		Apache: "# Take out: SetEnv downgrade-1.0, SetEnv force-response-1.0",
	},
	cors: {
		nginx: "# Take out the second one: add_header Access-Control-Allow-Origin …;",
		"the server": "SSE_CORS_ORIGIN=https://app.example.com   # the hub's",
	},
};

/** Returns the lines for the proxy that was recognised, and the server's own. Without one, those of all. */
export function pasteFor(topic: Topic, proxy: ProxyName | undefined): Paste[] {
	const chosen = proxy === undefined ? proxies : [proxy];
	return [...chosen, "the server" as const].flatMap((name): Paste[] => {
		const text = lines[topic][name];
		return text === undefined ? [] : [{ for: name, lines: text }];
	});
}
