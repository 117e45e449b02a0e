import { afterAll, beforeAll, describe } from "vitest";
import type { Engine } from "../engines/engine.ts";
import { accessSuite } from "./access.ts";
import { formSuite } from "./form.ts";
import { keyboardSuite } from "./keyboard.ts";
import { looksSuite } from "./looks.ts";
import { membersSuite } from "./members.ts";
import { PageSetting } from "./page-setting.ts";
import { pauseSuite } from "./pause.ts";
import { returnSuite } from "./return.ts";
import { runsSuite } from "./runs.ts";
import { viewSuite } from "./view.ts";

/** What the hub's page must do, in one engine. */
export function pageSuites(engine: Engine, { long = false } = {}): void {
	describe("in the light color scheme", () => {
		const setting = usePageSetting(new PageSetting(engine, long, { colorScheme: "light" }));
		describe("publishing and listening", () => formSuite(setting));
		describe("views", () => viewSuite(setting));
		describe("channels, pauses and gaps", () => pauseSuite(setting));
		describe("members and channels", () => membersSuite(setting));
		describe("tokens", () => accessSuite(setting));
		describe("a hub that is down for a while", () => returnSuite(setting));
		describe("runs", () => runsSuite(setting));
		describe("by keyboard", () => keyboardSuite(setting));
		describe("looks", () => looksSuite(setting));
	});
	describe("in the dark color scheme", () => {
		const setting = usePageSetting(new PageSetting(engine, long, { colorScheme: "dark" }));
		describe("looks", () => looksSuite(setting));
	});
}

function usePageSetting(setting: PageSetting): PageSetting {
	beforeAll(() => setting.start());
	afterAll(() => setting.end());
	return setting;
}
