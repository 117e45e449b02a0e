import { describe, vi } from "vitest";
import { isLong } from "./scale.ts";
import type { Runtime } from "./scene.ts";
import { broker } from "./suite/broker.ts";
import { halfOpen } from "./suite/half-open.ts";
import { hooks } from "./suite/hooks.ts";
import { outage } from "./suite/outage.ts";
import { refusals } from "./suite/refusals.ts";
import { requests } from "./suite/requests.ts";
import { stopping } from "./suite/stopping.ts";
import { unread } from "./suite/unread.ts";
import { vanishing } from "./suite/vanishing.ts";

vi.setConfig({ maxConcurrency: 4 });

/** What every server must withstand, each test on hubs of its own. */
export function faultSuite(runtime: Runtime): void {
	// These mostly wait.
	describe.concurrent(runtime.name, () => {
		describe("a Redis that refuses", () => refusals(runtime));
		describe("a Redis that hangs, or closes our connections", () => broker(runtime));
		describe("hooks", () => hooks(runtime));
		describe("half-open connections", () => halfOpen(runtime));
		describe("unfinished requests", () => requests(runtime));
	});
	// Where figures are measured, nothing else runs at the time.
	(isLong ? describe : describe.concurrent)(`${runtime.name}, crowds`, () => {
		stopping(runtime);
		unread(runtime);
		vanishing(runtime);
		outage(runtime);
	});
}
