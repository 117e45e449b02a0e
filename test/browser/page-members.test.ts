import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openSocketStream } from "../support/event-stream.ts";
import { streamUrl } from "../support/hub-client.ts";
import { type Server, startServer } from "../support/server.ts";
import { patience } from "../support/wait.ts";
import { claims, hs256, now, secret } from "../unit/auth/kit.ts";
import { overflow, PageScene, state } from "./page-scene.ts";
import { openPage, screenshot } from "./support.ts";

/** Who is there, on the hub's page, for those who may see it and those who may end their streams. */

const scene = new PageScene();
const publishToken = "the-publish-token-of-this-hub";
let hub: Server;

beforeAll(async () => {
	const env = { SSE_JWT_SECRET: secret, SSE_PRESENCE: "true", SSE_PUBLISH_TOKEN: publishToken };
	hub = await startServer("node", { env });
});
afterAll(() => hub.kill());

const token = (sub: string, rights: object = {}) =>
	hs256(claims({ exp: now() + 600, sub, channels: { subscribe: ["*"], ...rights } }));

async function join(channel: string, sub: string) {
	const stream = await openSocketStream(`${streamUrl(hub, channel)}&token=${token(sub)}`);
	onTestFinished(() => stream.close());
	await stream.comment();
	return stream;
}

/** The page with a token, and what it asks the hub for. */
async function visit(
	channel: string,
	bearer: string,
	options: Parameters<typeof openPage>[1] = {},
) {
	const { page, complaints } = await openPage(scene.browser, options);
	onTestFinished(() => page.context().close());
	const asked: string[] = [];
	page.on("request", (request) => asked.push(request.url().slice(hub.url.length)));
	await page.goto(`${hub.url}/?channel=${channel}#token=${bearer}`);
	return { page, complaints, asked };
}

const shown = (page: Page) => page.locator("#members .room li > b").allInnerTexts();
const poll = (read: () => Promise<unknown>) => expect.poll(read, { timeout: patience });

test("who comes and goes is shown at once, and no event of it among the others", async () => {
	const { page, complaints, asked } = await visit("room", token("eve", { members: ["room"] }));
	await state(page, "open");
	await poll(() => shown(page)).toEqual(["eve"]);
	expect(await page.innerText("#members h3")).toBe("room 1 member");
	const bob = await join("room", "bob");
	await poll(() => shown(page)).toEqual(["bob", "eve"]);
	await join("room", "<b>amy</b>");
	await poll(() => shown(page)).toEqual(["<b>amy</b>", "bob", "eve"]);
	expect(await page.innerText("#members h3")).toBe("room 3 members");
	// The right to see is not the right to end.
	expect(await page.locator("#members button").count()).toBe(0);
	bob.close();
	await poll(() => shown(page)).toEqual(["<b>amy</b>", "eve"]);
	expect(await page.locator("#events > *").count()).toBe(0);
	// The stream told it: nothing was read beside it.
	expect(asked.filter((path) => path.startsWith("/channel/members"))).toEqual([]);
	expect(complaints).toEqual([]);
});

test("a press ends the streams of a member on this channel, and of nobody else", async () => {
	const rights = { members: ["a", "b"], disconnect: ["a"] };
	const { page, complaints } = await visit("a,b", token("eve", rights));
	await state(page, "open");
	const streams = await Promise.all([join("a", "bob"), join("b", "bob"), join("a", "cid")]);
	const [bob, elsewhere, cid] = streams;
	const button = page.getByRole("button", { name: "Disconnect bob from a" });
	await button.focus();
	// Somebody comes meanwhile: the button stays what it is, and keeps the focus.
	await join("a", "amy");
	await poll(() => shown(page)).toEqual(["amy", "bob", "cid", "eve", "bob", "eve"]);
	expect(await page.locator("#members button").count()).toBe(4);
	await page.keyboard.press("Enter");
	await bob?.end();
	await poll(() => page.innerText("#members-result")).toBe("Ended the streams of bob on a");
	expect([elsewhere?.state, cid?.state]).toEqual(["open", "open"]);
	expect(complaints).toEqual([]);
});

test("without the right, without a token or without presence there is nothing of it", async () => {
	await join("quiet", "bob");
	const blind = await visit("quiet", token("eve", { members: ["other"], disconnect: ["*"] }));
	await state(blind.page, "open");
	expect(await blind.page.isVisible("#members")).toBe(false);
	expect(blind.asked.filter((path) => /members|presence/.test(path))).toEqual([]);
	expect(blind.complaints).toEqual([]);

	const none = await scene.visit(scene.hub, "quiet");
	const asked: string[] = [];
	none.page.on("request", (request) => asked.push(request.url()));
	await none.page.reload();
	await state(none.page, "open");
	expect(await none.page.isVisible("#members")).toBe(false);
	expect(asked.filter((url) => /members|presence|rights/.test(url))).toEqual([]);
	expect(none.complaints).toEqual([]);
});

test("the holder of the publish token sees members though the stream is refused, and keeps it", async () => {
	const bob = await join("private", "bob");
	const { page } = await visit("private", publishToken);
	await state(page, "closed");
	await poll(() => shown(page)).toEqual(["bob"]);
	await join("private", "cid");
	await poll(() => shown(page)).toEqual(["bob", "cid"]);
	await page.getByRole("button", { name: "Disconnect bob from private" }).click();
	await bob.end();
	// A signed token, put in by hand, opens the stream.
	await page.fill("#token", token("eve", { members: ["*"] }));
	await page.press("#token", "Tab");
	await state(page, "open");
	await poll(() => shown(page)).toEqual(expect.arrayContaining(["cid", "eve"]));
	expect(await page.locator("#members button").count()).toBe(0);
});

test("of a crowd the number and the first are shown, and it fits on a phone", async () => {
	const crowd = Array.from({ length: 230 }, (_, i) => `member-${String(i).padStart(3, "0")}`);
	for (const name of crowd) await join("crowd", name);
	const bearer = token("a".repeat(256), { members: ["*"], disconnect: ["*"] });
	const viewport = { width: 390, height: 844 };
	const { page, complaints } = await visit("crowd", bearer, { viewport, isMobile: true });
	await poll(() => page.innerText("#members h3")).toBe("crowd 231 members");
	await poll(async () => (await shown(page)).length).toBe(200);
	expect(await page.innerText("#members .room > .hint")).toBe("31 more are not shown");
	expect(await overflow(page)).toBe(0);
	await page.locator("#members").scrollIntoViewIfNeeded();
	await screenshot(page, "page-members-phone");
	expect(complaints).toEqual([]);
});
