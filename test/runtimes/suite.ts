import { describe, vi } from "vitest";
import { Fixture, type Runtime } from "./fixture.ts";
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
export function runtimeSuite(runtime: Runtime, more: (fixture: Fixture) => void): void {
	describe.concurrent(runtime.name, () => {
		const fixture = new Fixture(runtime);
		describe("start and stop", () => starting(fixture));
		for (const broker of fixture.hubBrokers) {
			describe(`${broker} broker`, () => {
				describe("http", () => http(fixture, broker));
				describe("delivery", () => delivery(fixture, broker));
				describe("publishing", () => publishing(fixture, broker));
			});
		}
		describe("access by host, path and token", () => door(fixture));
		describe("access", () => access(fixture));
		describe("foreign publishers", () => foreign(fixture));
		describe("leaving", () => leaving(fixture));
		describe("sharing", () => sharing(fixture));
		describe("reading", () => reading(fixture));
		describe("history", () => history(fixture));
		describe("faults", () => faults(fixture));
		describe("limits", () => limits(fixture));
		describe("compression", () => compression(fixture));
		describe("operation", () => operation(fixture));
		describe("presence", () => presence(fixture));
		describe("relay", () => relay(fixture));
		describe("processes", () => processes(fixture));
		describe("webhooks", () => webhooks(fixture));
		describe("runs on the hub", () => hubRuns(fixture));
		describe("mounted", () => more(fixture));
	});
}
