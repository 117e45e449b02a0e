import { afterAll, beforeAll, describe } from "vitest";
import type { Engine } from "../engines/engine.ts";
import { clientSuite } from "./client.ts";
import { clientFallbackSuite } from "./client-fallback.ts";
import { clientReturnSuite } from "./client-return.ts";
import { clientTabsSuite } from "./client-tabs.ts";
import { clientWaitsSuite } from "./client-waits.ts";
import { eventSourceSuite } from "./event-source.ts";
import { resumeSuite } from "./resume.ts";
import { Setting } from "./setting.ts";

/** What a user's browser must do, in one engine. */
export function suites(engine: Engine, { long = false } = {}): void {
	const setting = new Setting(engine, long);
	beforeAll(() => setting.start());
	afterAll(() => setting.end());
	describe("EventSource", () => eventSourceSuite(setting));
	describe("EventSource, over a server's restart", () => resumeSuite(setting));
	describe("the client, in one tab", () => clientSuite(setting));
	describe("the client, when its stream is lost", () => clientReturnSuite(setting));
	if (long) describe("the client, and its waiting times", () => clientWaitsSuite(setting));
	describe("the client, behind a proxy that holds streams back", () =>
		clientFallbackSuite(setting));
	describe("the client, in several tabs", () => clientTabsSuite(setting));
}
