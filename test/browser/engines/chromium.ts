import { openPlainBrowser } from "../client-browser.ts";
import type { Engine, EngineTab, Look, OpenBrowser } from "./engine.ts";

/** Chromium with its normal settings, by its own DevTools protocol. */
export const chromium: Engine = {
	name: "Chromium",
	has: new Set([
		"killing",
		"freezing",
		"hanging",
		"U+0000",
		"an id without data",
		"back/forward cache",
	]),
	open,
};

async function open(look?: Look): Promise<OpenBrowser> {
	const { context, close } = await openPlainBrowser();
	const newPage = async (): Promise<EngineTab> => {
		const page = await context.newPage();
		if (look !== undefined) await page.emulateMedia(look);
		const session = await context.newCDPSession(page);
		const lifecycle = async (state: "frozen" | "active") => {
			await session.send("Page.setWebLifecycleState", { state });
		};
		return {
			goto: (url) => page.goto(url),
			evaluate: (expression) => page.evaluate(expression),
			read: (expression) => page.evaluate(expression),
			watch: async (script) => {
				await page.addInitScript(script);
			},
			press: (key) => page.keyboard.press(key),
			resize: (width, height) => page.setViewportSize({ width, height }),
			screenshot: () => page.screenshot(),
			goBack: () => page.goBack({ waitUntil: "commit" }),
			close: () => page.close(),
			kill: async () => {
				const crashed = page.waitForEvent("crash");
				// No process is left to answer it.
				session.send("Page.crash").catch(() => undefined);
				await crashed;
			},
			freeze: () => lifecycle("frozen"),
			thaw: () => lifecycle("active"),
		};
	};
	return { newPage, newWindow: newPage, close };
}
