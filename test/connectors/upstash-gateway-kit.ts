import { beforeEach } from "vitest";
import { useUpstash } from "../support/upstash-bed.ts";

/** A gateway for the tests of a file, empty and without faults before each, and plain requests to it. */
export function useGateway() {
	const bed = useUpstash();
	beforeEach(async () => {
		bed.gateway.faultless();
		await bed.server.command("FLUSHALL");
	});
	const raw = (path: string, init: RequestInit = {}) =>
		fetch(bed.gateway.url + path, {
			...init,
			headers: { authorization: `Bearer ${bed.gateway.token}`, ...init.headers },
		});
	return { bed, raw };
}
