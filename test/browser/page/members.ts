import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { openSocketStream } from "../../support/event-stream.ts";
import { streamUrl } from "../../support/hub-client.ts";
import { type Server, startServer } from "../../support/server.ts";
import { claims, hs256, now, secret } from "../../unit/auth/kit.ts";
import type { HubPage } from "./hub-page.ts";
import { narrow, type PageSetting } from "./page-setting.ts";

const publishToken = "the-publish-token-of-this-hub";
const button = (member: string, channel: string) =>
	`#members button[aria-label="Disconnect ${member} from ${channel}"]`;

export const memberToken = (sub: string, rights: object = {}) =>
	hs256(claims({ exp: now() + 600, sub, channels: { subscribe: ["*"], ...rights } }));

/** A hub that counts members, and accepts signed tokens. */
export const startMemberHub = () =>
	startServer("node", {
		env: { SSE_JWT_SECRET: secret, SSE_PRESENCE: "true", SSE_PUBLISH_TOKEN: publishToken },
	});

export async function join(test: TestContext, hub: Server, channel: string, sub: string) {
	const stream = await openSocketStream(`${streamUrl(hub, channel)}&token=${memberToken(sub)}`);
	test.onTestFinished(() => stream.close());
	await stream.comment();
	return stream;
}

/** Members and channels, for users who may see them and who may end their streams. */
export function membersSuite(setting: PageSetting): void {
	let hub: Server;
	beforeAll(async () => {
		hub = await startMemberHub();
	});
	afterAll(() => hub?.kill());

	const open = (channel: string, token: string) => setting.open({ url: hub.url, token }, channel);
	const shown = (page: HubPage) => () => page.texts("#members .room li > b");
	const asked = async (page: HubPage, what: RegExp) =>
		(await page.asked()).filter((path) => what.test(path));

	test("joins and leaves are shown at once, and not among the events", async (t) => {
		const page = await open("room", memberToken("eve", { members: ["room"] }));
		await page.state("open");
		await page.becomes(shown(page), ["eve"]);
		expect(await page.text("#members h3")).toBe("room 1 member");
		const bob = await join(t, hub, "room", "bob");
		await page.becomes(shown(page), ["bob", "eve"]);
		await join(t, hub, "room", "<b>amy</b>");
		await page.becomes(shown(page), ["<b>amy</b>", "bob", "eve"]);
		expect(await page.text("#members h3")).toBe("room 3 members");
		// The right to see is not the right to end, and the right to one channel is not that to all.
		expect(await page.count("#members button")).toBe(0);
		expect(await page.isVisible("#hub")).toBe(false);
		bob.close();
		await page.becomes(shown(page), ["<b>amy</b>", "eve"]);
		expect(await page.count("#events > *")).toBe(0);
		// The stream told it: nothing was read beside it.
		expect(await asked(page, /^\/channel/)).toEqual([]);
		expect(await page.complaints()).toEqual([]);
	});

	test("a key press ends the streams of one member on this channel, and no others", async (t) => {
		const page = await open("a,b", memberToken("eve", { members: ["a", "b"], disconnect: ["a"] }));
		await page.state("open");
		const [bob, elsewhere, cid] = [
			await join(t, hub, "a", "bob"),
			await join(t, hub, "b", "bob"),
			await join(t, hub, "a", "cid"),
		];
		await page.focus(button("bob", "a"));
		// A member joins meanwhile: the button stays the same, and keeps the focus.
		await join(t, hub, "a", "amy");
		await page.becomes(shown(page), ["amy", "bob", "cid", "eve", "bob", "eve"]);
		expect(await page.count("#members button")).toBe(4);
		expect(await page.focused()).toBe("Disconnect bob from a");
		await page.press("Enter");
		await bob.end();
		await page.becomes(() => page.text("#members-result"), "Ended the streams of bob on a");
		expect([elsewhere.state, cid.state]).toEqual(["open", "open"]);
		expect(await page.complaints()).toEqual([]);
	});

	test("without the right, without a token or without presence nothing of it is shown", async (t) => {
		await join(t, hub, "quiet", "bob");
		const rights = { members: ["other"], disconnect: ["*"] };
		const blind = await open("quiet", memberToken("eve", rights));
		await blind.state("open");
		expect(await blind.isVisible("#members")).toBe(false);
		expect(await asked(blind, /^\/channel|presence/)).toEqual([]);
		expect(await blind.complaints()).toEqual([]);

		const none = await setting.visit({ url: setting.hub.url }, "quiet");
		expect(await none.isVisible("#members")).toBe(false);
		expect(await none.isVisible("#hub")).toBe(false);
		expect(await asked(none, /^\/channel|presence|rights/)).toEqual([]);
		expect(await none.complaints()).toEqual([]);
	});

	test("with the publish token members are shown though the stream is refused, and the token is kept", async (t) => {
		const bob = await join(t, hub, "private", "bob");
		const page = await open("private", publishToken);
		await page.state("closed");
		await page.becomes(shown(page), ["bob"]);
		await join(t, hub, "private", "cid");
		await page.becomes(shown(page), ["bob", "cid"]);
		await page.click(button("bob", "private"));
		await bob.end();
		// A signed token, entered by hand, opens the stream.
		await page.fill("#token", memberToken("eve", { members: ["*"] }));
		await page.state("open");
		await page.becomes(shown(page), ["cid", "eve"]);
		expect(await page.count("#members button")).toBe(0);
	});

	test("of many members the number and the first are shown, and of many channels the largest", async (t) => {
		const crowd = Array.from({ length: 230 }, (_, i) => `member-${String(i).padStart(3, "0")}`);
		for (const name of crowd) await join(t, hub, "crowd", name);
		for (let at = 0; at < 25; at++) await join(t, hub, `small.${at}`, "bob");
		const bearer = memberToken("a".repeat(256), { members: ["*"], disconnect: ["*"] });
		const page = await open("crowd", bearer);
		await page.tab.resize(...narrow);
		await page.becomes(() => page.text("#members h3"), "crowd 231 members");
		await page.becomes(async () => (await shown(page)()).length, 200);
		expect(await page.text("#members .room > .hint")).toBe("31 more are not shown");
		const first = () => page.texts("#hub-channels tr:first-child > *");
		await page.becomes(first, ["crowd", "231", "231"]);
		expect(await page.count("#hub-channels tr")).toBe(20);
		expect(await page.text("#hub-sum")).toMatch(/^\d+ streams, \d+ channels$/);
		expect(await page.text("#hub-more")).toMatch(/^The largest are named. \d+ others$/);
		expect(await page.overflow()).toBe(0);
		expect(await page.complaints()).toEqual([]);
	});

	test("the channels are shown as they are now, to users with the right to all of them", async (t) => {
		const page = await setting.visit(setting.hub, "live");
		const rows = async () => (await page.texts("#hub-channels tr")).map((row) => row.split(/\s/));
		await page.becomes(rows, [["live", "1"]]);
		const stream = await openSocketStream(streamUrl(setting.hub, "other", "live"));
		t.onTestFinished(() => stream.close());
		await page.becomes(rows, [
			["live", "2"],
			["other", "1"],
		]);
		expect(await page.text("#hub-sum")).toBe("2 streams, 2 channels");
		// Without presence there is no column for members.
		expect(await page.isVisible("#hub-members")).toBe(false);
		stream.close();
		await page.becomes(rows, [["live", "1"]]);
		expect(await page.complaints()).toEqual([]);
	});
}
