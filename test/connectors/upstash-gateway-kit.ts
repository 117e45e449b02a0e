import { beforeEach } from "vitest";
import { useUpstash } from "../support/upstash-fixture.ts";

/** A gateway for the tests of a file, empty and without faults before each, and plain requests to it. */
export function useGateway() {
	const fixture = useUpstash();
	beforeEach(async () => {
		fixture.gateway.faultless();
		await fixture.server.command("FLUSHALL");
	});
	const raw = (path: string, init: RequestInit = {}) =>
		fetch(fixture.gateway.url + path, {
			...init,
			headers: { authorization: `Bearer ${fixture.gateway.token}`, ...init.headers },
		});
	return { fixture, raw };
}
