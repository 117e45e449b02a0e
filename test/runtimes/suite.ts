import { describe, vi } from "vitest";
import { Bed, type Runtime } from "./bed.ts";
import { access } from "./suite/access.ts";
import { compression } from "./suite/compression.ts";
import { delivery } from "./suite/delivery.ts";
import { door } from "./suite/door.ts";
import { faults } from "./suite/faults.ts";
import { foreign } from "./suite/foreign.ts";
import { history } from "./suite/history.ts";
import { http } from "./suite/http.ts";
import { hubRuns } from "./suite/hub-runs.ts";
import { leaving } from "./suite/leaving.ts";
import { limits } from "./suite/limits.ts";
import { operation } from "./suite/operation.ts";
import { presence } from "./suite/presence.ts";
import { processes } from "./suite/processes.ts";
import { publishing } from "./suite/publishing.ts";
import { reading } from "./suite/reading.ts";
import { relay } from "./suite/relay.ts";
import { sharing } from "./suite/sharing.ts";
import { starting } from "./suite/starting.ts";
import { webhooks } from "./suite/webhooks.ts";

// Some cases wait long for a timer of the server. More concurrency would only start more servers at once.
vi.setConfig({ maxConcurrency: 6 });

/**
 * What every runtime must do, seen from outside: real servers, over HTTP. The cases run side by side on shared
 * hubs, each with channels of its own.
 */
export function runtimeSuite(runtime: Runtime, more: (bed: Bed) => void): void {
	describe.concurrent(runtime.name, () => {
		const bed = new Bed(runtime);
		describe("start and stop", () => starting(bed));
		for (const broker of bed.hubBrokers) {
			describe(`${broker} broker`, () => {
				describe("http", () => http(bed, broker));
				describe("delivery", () => delivery(bed, broker));
				describe("publishing", () => publishing(bed, broker));
			});
		}
		describe("access by host, path and token", () => door(bed));
		describe("access", () => access(bed));
		describe("foreign publishers", () => foreign(bed));
		describe("leaving", () => leaving(bed));
		describe("sharing", () => sharing(bed));
		describe("reading", () => reading(bed));
		describe("history", () => history(bed));
		describe("faults", () => faults(bed));
		describe("limits", () => limits(bed));
		describe("compression", () => compression(bed));
		describe("operation", () => operation(bed));
		describe("presence", () => presence(bed));
		describe("relay", () => relay(bed));
		describe("processes", () => processes(bed));
		describe("webhooks", () => webhooks(bed));
		describe("runs on the hub", () => hubRuns(bed));
		describe("mounted", () => more(bed));
	});
}
