import { expect, test } from "vitest";
import { signChannels } from "../../../src/auth.ts";
import { handOver } from "../../../src/cli/open.ts";
import { shell } from "../../support/programs.ts";
import type { PageSetting } from "./page-setting.ts";

/** Who may publish and listen with the hub's page. */
export function accessSuite(setting: PageSetting): void {
	const isWrong = '#publish-result[data-ok="false"]';
	const isPublished = '#publish-result[data-ok="true"]';

	test("the printed address publishes with one click, and its token stays in the tab", async () => {
		const { hub } = setting;
		const [, address = ""] = /^ {2}(http\S+#token=\S+)$/m.exec(hub.output) ?? [];
		const page = await setting.open(hub, "sse");
		await page.leave();
		await page.goto(address);
		await page.state("open");
		expect(await page.read("location.href")).toBe(`${hub.url}/`);
		await page.click("#publish");
		expect(await page.published()).toBe("Published, 1 receiver");
		await page.has('#events > [data-type="greeting"]');
		expect(await page.isVisible("#token-field")).toBe(false);
		expect((await page.asked()).join()).not.toContain(hub.token);

		await page.goto(`${hub.url}/?channel=sse`);
		await page.state("open");
		await page.click("#publish");
		expect(await page.published()).toBe("Published, 1 receiver");
		expect(await page.complaints()).toEqual([]);
	});

	test("without a token the page says how to get one, and accepts it in every way", async () => {
		const { hub } = setting;
		const page = await setting.visit({ url: hub.url }, "token");
		expect(await page.text("#token-hint")).toMatch(/When the hub starts, it prints the address/);
		await page.click("#publish");
		expect(await page.published()).toMatch(/^Publishing needs a token: .*SSE_PUBLISH_TOKEN/);
		await page.fill("#token", hub.token ?? "");
		await page.click("#publish");
		await page.has(isPublished);
		expect(await page.isVisible("#token-field")).toBe(false);

		// A token of an earlier start is refused. The address of this start, in the same tab, has the right
		// one.
		await page.read('void (location.hash = "token=of-an-earlier-start")');
		await page.click("#publish");
		await page.has(isWrong);
		expect(await page.isVisible("#token-field")).toBe(true);
		await page.goto(`${hub.url}/?channel=token#token=${hub.token}`);
		await page.click("#publish");
		await page.has(isPublished);
		expect(await page.read("location.href")).not.toContain("token=");
	});

	test("the page's own curl line works as it is", async () => {
		const page = await setting.visit(setting.hub, "curl");
		const line = shell(await page.text("#first"));
		await line.says('{"receivers":1}');
		await page.shows("#events > *", "Hello!");
	});

	test("a signed token opens the stream as well, and is sent in no URL", async (t) => {
		const secret = "a secret of thirty-two bytes and more";
		const signed = await setting.startHub(t, { SSE_JWT_SECRET: secret });
		const page = await setting.open({ url: signed.url }, "room");
		await page.state("closed");
		expect(await page.isVisible("#token-field")).toBe(true);
		const token = await signChannels("room", { secret, publish: "room" });
		await page.fill("#token", token);
		await page.state("open");
		await page.click("#publish");
		expect(await page.published()).toBe("Published, 1 receiver");
		await page.has("#events > *");
		expect((await page.asked()).join()).not.toContain(token);
	});

	test("where publishing is off, the page says so", async (t) => {
		const off = await setting.startHub(t, { HOST: "0.0.0.0" });
		const page = await setting.visit({ url: off.url }, "off");
		expect(await page.isVisible("#token-field")).toBe(false);
		expect(await page.text("#publish-off")).toContain("SSE_PUBLISH_TOKEN");
	});

	test("the file of --open leads to the hub's page, which publishes with the token", async (t) => {
		// Characters that could end a script, or that mean something in an address.
		const token = 'a&b=c+d%41"</script>#~';
		const hub = await setting.startHub(t, { SSE_PUBLISH_TOKEN: token });
		const { url, remove } = handOver(`${hub.url}/#token=${encodeURIComponent(token)}`);
		t.onTestFinished(remove);
		const page = await setting.open({ url: setting.hub.url }, "sse");
		await page.leave();
		await page.goto(url);
		await page.until(`location.href === ${JSON.stringify(`${hub.url}/`)}`, "the hub's page");
		await page.state("open");
		await page.click("#publish");
		await page.has(isPublished);
		expect(await page.complaints()).toEqual([]);
	});
}
