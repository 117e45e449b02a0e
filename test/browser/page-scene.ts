import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { type Server, startServer } from "../support/server.ts";
import { openBrowser, openPage, type WatchedPage } from "./support.ts";

/** What the tests of the hub's page share: a browser, and a hub with a broker in memory. */
export class PageScene {
	#browser: Browser | undefined;
	#hub: Server | undefined;

	constructor() {
		beforeAll(async () => {
			[this.#browser, this.#hub] = await Promise.all([openBrowser(), startServer("node")]);
		});
		afterAll(() => Promise.all([this.#browser?.close(), this.#hub?.kill()]));
	}

	get browser(): Browser {
		return started(this.#browser);
	}

	get hub(): Server {
		return started(this.#hub);
	}

	/** The page, listening, as whoever has the address that the hub printed opens it. */
	async visit(
		{ url, token }: Server,
		channel: string,
		options: Parameters<typeof openPage>[1] = {},
	): Promise<WatchedPage> {
		const watched = await openPage(this.browser, options);
		onTestFinished(() => watched.page.context().close());
		await watched.page.goto(`${url}/?channel=${channel}${token ? `#token=${token}` : ""}`);
		await state(watched.page, "open");
		return watched;
	}
}

function started<T>(what: T | undefined): T {
	if (what === undefined) throw new Error("The scene is not there before the file's tests run.");
	return what;
}

export async function state(page: Page, name: string): Promise<void> {
	await page.locator(`#state[data-state="${name}"]`).waitFor();
}

export async function published(page: Page): Promise<string> {
	await page.locator("#publish-result[data-ok]").waitFor();
	return page.locator("#publish-result").innerText();
}

/** By how many pixels the page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
	const width = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
	return page.evaluate(width);
}
