import { expect, onTestFinished, test } from "vitest";
import { signChannels } from "../../src/auth.ts";
import { shell } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import { PageScene, published, state } from "./page-scene.ts";
import { openPage } from "./support.ts";

/** The hub's own page, and who may publish with it and listen. */

const scene = new PageScene();

test("the printed address publishes with one click, and its token is nowhere to be seen", async () => {
	const { page, complaints } = await openPage(scene.browser);
	onTestFinished(() => page.context().close());
	const sent: string[] = [];
	page.on("request", (request) => sent.push(request.url() + JSON.stringify(request.headers())));
	const [, address = ""] = /^ {2}(http\S+#token=\S+)$/m.exec(scene.hub.output) ?? [];
	const token = scene.hub.token ?? "";
	await page.goto(address);
	await state(page, "open");
	expect(page.url()).toBe(`${scene.hub.url}/`);
	await page.click("#publish");
	expect(await published(page)).toBe("Published, 1 receiver");
	await page.locator('#events > [data-type="greeting"]').waitFor();
	expect(await page.isVisible("#token-field")).toBe(false);
	// In no address, and in the headers of what needs it alone.
	const withToken = sent.filter((request) => request.includes(token));
	const paths = new Set(withToken.map((request) => request.slice(0, request.indexOf("{"))));
	expect([...paths].toSorted()).toEqual(
		["/channels", "/publish", "/rights?channel=sse"].map((path) => scene.hub.url + path),
	);

	await page.reload();
	await state(page, "open");
	await page.click("#publish");
	expect(await published(page)).toBe("Published, 1 receiver");
	// Another tab has no part in it.
	const other = await page.context().newPage();
	await other.goto(`${scene.hub.url}/?channel=sse`);
	expect(await other.isVisible("#token-field")).toBe(true);
	expect(complaints).toEqual([]);
});

test("without a token the page says how to get one, and takes it in every way", async () => {
	const { page } = await scene.visit(
		{ ...scene.hub, url: scene.hub.url, token: undefined },
		"token",
	);
	expect(await page.innerText("#token-hint")).toMatch(/When the hub starts, it prints the address/);
	await page.click("#publish");
	expect(await published(page)).toMatch(/^Publishing needs a token: .*SSE_PUBLISH_TOKEN/);
	await page.fill("#token", scene.hub.token ?? "");
	await page.click("#publish");
	await page.locator('#publish-result[data-ok="true"]').waitFor();
	expect(await page.isVisible("#token-field")).toBe(false);

	// A token of an earlier start is refused, and the address of this one, in the same tab, mends it.
	await page.evaluate('location.hash = "token=of-an-earlier-start"');
	await page.click("#publish");
	await page.locator('#publish-result[data-ok="false"]').waitFor();
	expect(await page.isVisible("#token-field")).toBe(true);
	await page.goto(`${scene.hub.url}/?channel=token#token=${scene.hub.token}`);
	await page.click("#publish");
	await page.locator('#publish-result[data-ok="true"]').waitFor();
	expect(page.url()).not.toContain("token=");
});

test("the page's own curl line works as it is", async () => {
	const { page } = await scene.visit(scene.hub, "curl");
	const line = shell(await page.innerText("#first"));
	await line.says('{"receivers":1}');
	await page.locator("#events > *", { hasText: "Hello!" }).waitFor();
});

test("a signed token opens the stream as well, and is sent in no URL", async () => {
	const secret = "a secret of thirty-two bytes and more";
	const signed = await startServer("node", { env: { SSE_JWT_SECRET: secret } });
	onTestFinished(() => signed.kill());
	const { page } = await openPage(scene.browser);
	onTestFinished(() => page.context().close());
	await page.goto(`${signed.url}/?channel=room`);
	await state(page, "closed");
	expect(await page.isVisible("#token-field")).toBe(true);
	const token = await signChannels("room", { secret, publish: "room" });
	const urls: string[] = [];
	page.on("request", (request) => urls.push(request.url()));
	await page.fill("#token", token);
	await page.press("#token", "Tab");
	await state(page, "open");
	await page.click("#publish");
	expect(await published(page)).toBe("Published, 1 receiver");
	await page.locator("#events > *").waitFor();
	expect(urls.join()).not.toContain(token);
});

test("where publishing is off, the page says so", async () => {
	const off = await startServer("node", { env: { HOST: "0.0.0.0" } });
	onTestFinished(() => off.kill());
	const { page } = await scene.visit(off, "off");
	expect(await page.isVisible("#token-field")).toBe(false);
	expect(await page.innerText("#publish-off")).toContain("SSE_PUBLISH_TOKEN");
});
