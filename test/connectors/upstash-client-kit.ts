import { beforeEach } from "vitest";
import { useUpstash } from "../support/upstash-fixture.ts";

/** Upstash for the tests of a file, and what a client of it is made with. */
export function useClients() {
	// The runtime's own pool has idle connections, with timers of its own: they would look like ours.
	const fixture = useUpstash({ keepAlive: false });
	beforeEach(() => fixture.gateway.faultless());
	const where = () => ({ url: fixture.gateway.url, token: fixture.gateway.token });
	return { fixture, where };
}

/** The part of a client that makes its requests. */
export const httpOf = (client: object): { headers: Record<string, unknown>; options: object } =>
	Reflect.get(client, "client");
