import { expect, onTestFinished, test } from "vitest";
import { startServer } from "../support/server.ts";
import { openBrowser, openPage } from "./support.ts";

/**
 * The hub's own page, in Chromium only: the other engines' drivers do not show the headers of requests here.
 */

test("the page's token is in no address, and only in the headers of requests that need it", async () => {
	const [browser, hub] = await Promise.all([openBrowser(), startServer("node")]);
	onTestFinished(async () => {
		await Promise.all([browser.close(), hub.kill()]);
	});
	const { page, complaints } = await openPage(browser);
	const sent: string[] = [];
	page.on("request", (request) => sent.push(request.url() + JSON.stringify(request.headers())));
	const [, address = ""] = /^ {2}(http\S+#token=\S+)$/m.exec(hub.output) ?? [];
	await page.goto(address);
	await page.locator('#state[data-state="open"]').waitFor();
	await page.click("#publish");
	await page.locator('#publish-result[data-ok="true"]').waitFor();
	const withToken = sent.filter((request) => request.includes(hub.token ?? ""));
	const paths = new Set(withToken.map((request) => request.slice(0, request.indexOf("{"))));
	expect([...paths].toSorted()).toEqual(
		["/channels", "/publish", "/rights?channel=sse"].map((path) => hub.url + path),
	);
	// Another tab does not have the token.
	const other = await page.context().newPage();
	await other.goto(`${hub.url}/?channel=sse`);
	await other.locator("#token-field").waitFor();
	expect(complaints).toEqual([]);
});
