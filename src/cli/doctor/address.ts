import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { failureInWords } from "../../doctor/failure.ts";
import { advice, type Finding, fault, fine } from "../../doctor/finding.ts";
import { connected, type Reached } from "./wire.ts";

/** How many addresses of a name are tried. */
const mostAddresses = 8;
/** A certificate that ends within this time is reported, in ms. */
const soon = 14 * 86_400_000;

/** Finds the addresses of the URL's host, and connects to each. */
export async function reachability(
	url: URL,
	timeout: number,
): Promise<{ findings: Finding[]; reached: Reached | undefined }> {
	const host = url.hostname.replace(/^\[|\]$/g, "");
	const addresses = isIP(host) > 0 ? [host] : await addressesOf(host);
	if (addresses.length === 0) {
		const seen = `The name ${host} has no address.`;
		return {
			findings: [fault("reach", seen, { remedy: "Check the name and the DNS." })],
			reached: undefined,
		};
	}
	const tried = await Promise.all(addresses.map((address) => connected(url, address, timeout)));
	const works = tried.find((each): each is Reached => "protocol" in each);
	const failed = tried.flatMap((each, at) =>
		"protocol" in each ? [] : [`${addresses[at]}: ${failureInWords(each)}`],
	);
	if (works === undefined) {
		return {
			findings: [
				fault("reach", `${url.host} cannot be reached. ${failed.join("; ")}.`, {
					means: "An EventSource tries again and again, and gets nothing.",
					remedy:
						"Check the port, the certificate (NODE_EXTRA_CA_CERTS names an authority of your own), and whether the server runs.",
				}),
			],
			reached: undefined,
		};
	}
	const [tls] =
		works.expires === undefined
			? []
			: [`, TLS is trusted until ${works.expires.toISOString().slice(0, 10)}`];
	const findings = [
		fine(
			"reach",
			`${url.host} is ${works.address}, connected in ${Math.round(works.ms)} ms${tls ?? ""}.`,
		),
	];
	if (failed.length > 0) {
		findings.push(
			advice("reach", `Not every address of ${host} answers. ${failed.join("; ")}.`, {
				means: "Some clients lose time, or do not connect.",
				remedy: "Have the server listen on all of them, or take the others out of the DNS.",
			}),
		);
	}
	if (works.expires !== undefined && works.expires.getTime() - Date.now() < soon) {
		findings.push(
			advice("reach", `The certificate ends on ${works.expires.toISOString()}.`, {
				remedy: "Renew it.",
			}),
		);
	}
	return { findings, reached: works };
}

async function addressesOf(host: string): Promise<string[]> {
	try {
		const all = await lookup(host, { all: true });
		return [...new Set(all.map(({ address }) => address))].slice(0, mostAddresses);
	} catch {
		return []; // the name has no address that this machine can find
	}
}
