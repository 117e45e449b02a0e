import { expect, test } from "vitest";
import { handOver } from "../../src/cli/open.ts";
import { startServer } from "../support/server.ts";
import { openBrowser, openPage } from "./support.ts";

test("the file of --open leads to the hub's page, which publishes with the token", async (t) => {
	// Whatever might end a script, or means something in an address.
	const token = 'a&b=c+d%41"</script>#~';
	const [browser, hub] = await Promise.all([
		openBrowser(),
		startServer("node", { env: { SSE_PUBLISH_TOKEN: token } }),
	]);
	t.onTestFinished(async () => {
		await Promise.all([browser.close(), hub.kill()]);
	});
	const { url, remove } = handOver(`${hub.url}/#token=${encodeURIComponent(token)}`);
	t.onTestFinished(remove);
	const { page, complaints } = await openPage(browser);
	await page.goto(url);
	await page.locator('#state[data-state="open"]').waitFor();
	expect(page.url()).toBe(`${hub.url}/`);
	await page.click("#publish");
	await page.locator('#publish-result[data-ok="true"]').waitFor();
	expect(complaints).toEqual([]);
});
