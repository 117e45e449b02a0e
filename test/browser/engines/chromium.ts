import { openPlainBrowser } from "../client-browser.ts";
import type { Engine, EngineTab, OpenBrowser } from "./engine.ts";

/** Chromium as people have it, by its own DevTools protocol. */
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

async function open(): Promise<OpenBrowser> {
	const { context, close } = await openPlainBrowser();
	const newPage = async (): Promise<EngineTab> => {
		const page = await context.newPage();
		const session = await context.newCDPSession(page);
		const lifecycle = async (state: "frozen" | "active") => {
			await session.send("Page.setWebLifecycleState", { state });
		};
		return {
			goto: (url) => page.goto(url),
			evaluate: (expression) => page.evaluate(expression),
			goBack: () => page.goBack({ waitUntil: "commit" }),
			close: () => page.close(),
			kill: async () => {
				const crashed = page.waitForEvent("crash");
				// Nobody is left to answer it.
				session.send("Page.crash").catch(() => undefined);
				await crashed;
			},
			freeze: () => lifecycle("frozen"),
			thaw: () => lifecycle("active"),
		};
	};
	return { newPage, close };
}
