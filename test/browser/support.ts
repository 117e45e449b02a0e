import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { root } from "../support/server.ts";
import { patience } from "../support/wait.ts";
import { chromiumArguments, chromiumExecutable } from "./chromium.ts";

/** Playwright gives each browser a profile folder of its own and removes it. */
export async function openBrowser(): Promise<Browser> {
	return chromium.launch({ executablePath: chromiumExecutable(), args: [...chromiumArguments] });
}

export interface WatchedPage {
	page: Page;
	/** Console errors and warnings, uncaught exceptions, and policy violations, so far. */
	complaints: string[];
}

/** A tab of its own profile, which records every fault that a developer would see. */
export async function openPage(
	browser: Browser,
	options: BrowserContextOptions = {},
): Promise<WatchedPage> {
	const context = await browser.newContext({ locale: "en-GB", ...options });
	const page = await context.newPage();
	page.setDefaultTimeout(patience);
	const complaints: string[] = [];
	page.on("console", (message) => {
		if (/^(error|warning)$/.test(message.type())) complaints.push(message.text());
	});
	page.on("pageerror", (error) => complaints.push(String(error)));
	page.on("crash", () => complaints.push("The page crashed."));
	// A blocked style or picture is not always written to the console.
	await page.exposeFunction("complain", (text: string) => complaints.push(text));
	await page.addInitScript(
		'addEventListener("securitypolicyviolation", (event) =>' +
			' complain("Policy violation: " + event.violatedDirective + " " + event.blockedURI));',
	);
	return { page, complaints };
}

/** Where screenshots are kept for people, outside git. */
export const pictures: string = process.env.PAGE_PICTURES || join(root, "artifacts");

export async function screenshot(page: Page, name: string): Promise<void> {
	mkdirSync(pictures, { recursive: true });
	// An event fades in: the final look is shown.
	await page.screenshot({ path: join(pictures, `${name}.png`), animations: "disabled" });
}
