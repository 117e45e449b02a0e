import { vi } from "vitest";

/**
 * Ties bodies to the request that made them, as on Cloudflare Workers. Call `vi.unstubAllGlobals()` at the end.
 *
 * @returns how to begin a request, and how often a body of another one was touched.
 */
export function foreignRequests() {
	let current = 0;
	const told = {
		touched: 0,
		enter(request: number) {
			current = request;
		},
	};
	class OwnedResponse {
		readonly body: { tee(): void };
		constructor() {
			const owner = current;
			this.body = {
				tee() {
					if (owner === current) return;
					told.touched++;
					throw new Error("Cannot perform I/O on behalf of a different request.");
				},
			};
		}
	}
	vi.stubGlobal("Response", OwnedResponse);
	return told;
}
