import { BlockList, isIPv4 } from "node:net";
import { advice, type Finding, fault, fine, unknown } from "../../doctor/finding.ts";
import { pasteFor } from "../../doctor/remedies.ts";
import { type RawHead, type Reached, rawHead } from "./wire.ts";

/** A name that nobody has: https://www.rfc-editor.org/rfc/rfc6761#section-6.4 */
const foreignHost = "edge-sse-doctor.invalid";

const sixConnections =
	"Browsers open six HTTP/1.1 connections to a host, all tabs together. The seventh stream waits in silence.";

/** Finds out which version of HTTP browsers would use, and which one the answer has. */
export async function httpVersion(
	url: URL,
	{ address, protocol }: Reached,
	timeout: number,
	headers: Readonly<Record<string, string>>,
): Promise<Finding[]> {
	const head = await rawHead(url, address, timeout, headers);
	if ("version" in head && head.version === "1.0") return [oldHttp];
	if (protocol === "h2") {
		return [
			fine(
				"http-version",
				"Browsers get HTTP/2, with many streams on one connection. The checks here use HTTP/1.1.",
			),
		];
	}
	const seen =
		url.protocol === "https:"
			? "The server offers no HTTP/2."
			: "Over http:// browsers speak HTTP/1.1.";
	return [
		advice("http-version", seen, {
			means: sixConnections,
			remedy:
				"Serve HTTP/2 over https://. Where that cannot be, edge-sse/client has one connection for all tabs.",
			paste: [
				{
					for: "nginx",
					lines: "listen 443 ssl;\nhttp2 on;   # before 1.25.1: listen 443 ssl http2;",
				},
			],
		}),
	];
}

const oldHttp = fault("http-version", "The answer is HTTP/1.0.", {
	means:
		"Such an answer ends by its connection's end: nobody can tell a stream that is over from one that was cut, and proxies gather it until then.",
	remedy: "Have the proxy answer by HTTP/1.1.",
	paste: pasteFor("http-1.0", undefined),
});

/** Calls the server by a name that is not its own. A page does so whose host name was made to resolve to this machine. */
export async function foreignName(
	url: URL,
	{ address }: Reached,
	timeout: number,
	headers: Readonly<Record<string, string>>,
): Promise<Finding[]> {
	const head = await rawHead(url, address, timeout, headers, foreignHost);
	if (!("version" in head) || head.status !== 200) return [refusedName(head)];
	if (!isPrivate(address)) {
		return [
			fine("host", "The server answers to any name, which does no harm at a public address."),
		];
	}
	return [
		advice("host", "The server streams to whoever calls it by another name.", {
			means:
				"It is at a private address. A page of any site can point its own name there and read the streams (DNS rebinding).",
			remedy:
				"Answer 421 to names that are not yours. The hub does so with SSE_HOSTS, where the proxy passes the name on.",
			paste: [
				{ for: "the hub", lines: "SSE_HOSTS=events.example.com" },
				{ for: "nginx", lines: "proxy_set_header Host $host;" },
			],
		}),
	];
}

function refusedName(head: RawHead | object): Finding {
	if (!("status" in head)) return unknown("host", "A request by another name got no answer.");
	return fine("host", `A request by another name is answered ${head.status}.`);
}

const privateNetworks = new BlockList();
for (const [network, bits] of [
	...([
		["127.0.0.0", 8],
		["10.0.0.0", 8],
		["172.16.0.0", 12],
	] as const),
	...([
		["192.168.0.0", 16],
		["169.254.0.0", 16],
	] as const),
] as const) {
	privateNetworks.addSubnet(network, bits, "ipv4");
}
privateNetworks.addAddress("::1", "ipv6");
privateNetworks.addSubnet("fc00::", 7, "ipv6");
privateNetworks.addSubnet("fe80::", 10, "ipv6");

function isPrivate(address: string): boolean {
	return privateNetworks.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}
