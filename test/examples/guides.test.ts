import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openBrowser, openPage } from "../browser/support.ts";
import { openStream } from "../support/event-stream.ts";
import { call, json } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { type Server, startProgram } from "../support/server.ts";
import { until } from "../support/wait.ts";
import { command } from "./readme.ts";

/** The guides' programs that need no other server, on Node and on Bun, and their pages in Chromium. */

function started(name: string, runtime: string, env: Record<string, string> = {}) {
	const [, file = ""] = command(name);
	return run([runtime, file], env);
}

async function run(words: string[], env: Record<string, string> = {}): Promise<Server> {
	const server = await startProgram(words, {
		announces: /Listening on (http:\S+)/,
		env: { PORT: String(await freePort()), ...env },
	});
	onTestFinished(() => server.kill());
	return server;
}

async function opened(url: string, headers: Record<string, string> = {}) {
	const stream = await openStream(url, headers);
	onTestFinished(() => stream.close());
	expect(stream.status).toBe(200);
	await stream.comment();
	return stream;
}

const as = (user: string) => ({ cookie: `user=${user}` });
const post = (body: string, headers = {}) => ({ method: "POST", body, headers });

describe.each(["node", "bun"])("on %s", (runtime) => {
	test("notifications: they reach only their user, and a client that was away gets them later", async () => {
		const { url } = await started("notifications", runtime);
		expect((await call(`${url}/notifications`)).status).toBe(401);
		const ann = await opened(`${url}/notifications`, as("ann"));
		const notify = async (user: string, text: string) => {
			const answer = await call(`${url}/notify/${user}`, post(text));
			return json<{ id: string }>(answer).id;
		};
		await notify("bob", "for Bob");
		const id = await notify("ann", "for Ann");
		const notification = { event: "notification", data: '{"text":"for Ann"}', id };
		expect(await ann.event()).toMatchObject(notification);
		ann.close();

		await notify("ann", "missed");
		const back = await opened(`${url}/notifications`, { ...as("ann"), "last-event-id": id });
		expect(await back.data(1)).toEqual(['{"text":"missed"}']);
		const fresh = await opened(`${url}/notifications`, as("ann"));
		expect(await fresh.data(2)).toEqual(['{"text":"for Ann"}', '{"text":"missed"}']);
	});

	test("tokens: all readers get the same answer, and a stop ends it for all", async () => {
		const { url } = await started("tokens", runtime);
		const { id } = json<{ id: string }>(await call(`${url}/ask`, post("Why?")));
		const first = await opened(`${url}/answers/${id}`);
		await first.when(() => /\b5 /.test(first.text), "the first numbers");
		const second = await opened(`${url}/answers/${id}`);
		expect((await call(`${url}/answers/${id}`, post(""))).status).toBe(202);
		const texts = [];
		for (const stream of [first, second]) {
			await stream.end();
			expect(stream.events.at(-1)).toMatchObject({ event: "sse.end" });
			expect(JSON.parse(stream.events.at(-1)?.data ?? "")).toMatchObject({ status: "cancelled" });
			texts.push(stream.events.slice(0, -1).map(({ data }) => data));
		}
		expect(texts[0]?.join("")).toMatch(/^You asked: Why\? I count to 1000: {2}?1 2 3 4 5 /);
		expect(texts[1]?.join("")).toBe(texts[0]?.join(""));
		expect((await call(`${url}/answers/unknown`, post(""))).status).toBe(404);
	});

	test("chat: a room streams its messages and its members", async () => {
		const { url } = await started("chat", runtime);
		const room = `${url}/rooms/lobby`;
		expect((await call(`${room}/members`)).status).toBe(401);
		const ann = await opened(`${room}?presence=1`, as("ann"));
		// Ann is either in the first list of members or in a later event.
		expect(JSON.parse((await ann.event()).data)).toHaveProperty("members");
		await ann.first(({ data }) => data.includes('{"id":"ann"}'), "Ann herself");
		const bob = await opened(room, as("bob"));
		const joined = await ann.first(({ data }) => data.includes('{"id":"bob"}'), "Bob's coming");
		expect(JSON.parse(joined.data)).toMatchObject({ joined: [{ id: "bob" }], occupancy: 2 });
		expect((await call(room, post("Hello!", as("bob")))).status).toBe(204);
		const said = await ann.first(({ event }) => event === "said", "what Bob says");
		expect(JSON.parse(said.data)).toEqual({ user: "bob", text: "Hello!" });
		bob.close();
		const left = await ann.first(({ data }) => data.includes('"left":["bob"]'), "Bob's leaving");
		expect(JSON.parse(left.data)).toMatchObject({ occupancy: 1 });
		const members = json(await call(`${room}/members`, { headers: as("ann") }));
		expect(members).toMatchObject({ occupancy: 1, members: [{ id: "ann" }] });
	});

	test("from-pusher: a public channel needs no token, and a private one does", async () => {
		const env = { SSE_JWT_SECRET: "0123456789abcdef0123456789abcdef" };
		const { url } = await started("from-pusher", runtime, env);
		const channel = "channel=private.ann.inbox";
		expect((await call(`${url}/stream?${channel}`)).status).toBe(401);
		const { body: bobs } = await call(`${url}/token`, post("", as("bob")));
		expect((await call(`${url}/stream?${channel}&token=${bobs}`)).status).toBe(403);
		const { body: anns } = await call(`${url}/token`, post("", as("ann")));
		const everyone = await opened(`${url}/stream?channel=public.news`);
		const ann = await opened(`${url}/stream?${channel}&token=${anns}`);
		const trigger = {
			...{ channels: ["public.news", "private.ann.inbox"], event: "greeting" },
			data: { message: "Hello!" },
		};
		expect((await call(`${url}/trigger`, post(JSON.stringify(trigger)))).status).toBe(204);
		const greeting = { event: "greeting", data: '{"message":"Hello!"}' };
		for (const stream of [everyone, ann]) expect(await stream.event()).toMatchObject(greeting);
		expect((await call(`${url}/edge-sse/client.js`)).status).toBe(200);
		expect((await call(`${url}/edge-sse/cli.js`)).status).toBe(404);
	});
});

test.each(["before", "after"])(
	"from-streamsse: the page hears the same %s the change",
	async (which) => {
		const { url } = await run(["node", `examples/from-streamsse/${which}.ts`]);
		const stream = await openStream(`${url}/events`);
		onTestFinished(() => stream.close());
		// The program before the change loses what is sent before it knows the listener.
		await until(
			async () => {
				expect((await call(`${url}/news`, post("News!"))).status).toBe(204);
				return stream.events.length > 0;
			},
			{ what: "the news" },
		);
		expect(stream.events[0]).toMatchObject({ event: "news", data: "News!" });
	},
);

describe("the pages", () => {
	let browser: Browser;
	beforeAll(async () => {
		browser = await openBrowser();
	});
	afterAll(() => browser?.close());

	async function visit(server: Server) {
		const { page, complaints } = await openPage(browser);
		onTestFinished(() => page.context().close());
		await page.goto(server.url);
		return { page, complaints };
	}

	test("notifications: the page shows a message as text, and refuses a bad name", async () => {
		const server = await started("notifications", "node");
		const { page, complaints } = await visit(server);
		await page.getByRole("button").click();
		await page.getByText("open", { exact: true }).waitFor();
		await call(`${server.url}/notify/ann`, post("<b>Hello!</b>"));
		await page.getByText("<b>Hello!</b>").waitFor();
		expect(complaints).toEqual([]);

		// The browser refuses such a name, and the server does so when the browser does not.
		await page.evaluate("document.forms[0].noValidate = true");
		await page.getByLabel("I am").fill("Ann");
		await page.getByRole("button").click();
		await page.getByText("A name has a to z.").waitFor();
	});

	test("tokens: a reload continues the answer", async () => {
		const { page, complaints } = await visit(await started("tokens", "node"));
		await page.getByLabel("Question").fill("Why?");
		await page.getByRole("button", { name: "Ask" }).click();
		await page.getByText(" 5 ").waitFor();
		await page.reload();
		await page.getByText("You asked: Why? I count to 1000:").waitFor();
		await page.getByRole("button", { name: "Stop" }).click();
		await page.getByText("cancelled", { exact: true }).waitFor();
		expect(complaints).toEqual([]);
	});

	test("tokens: the page shows one answer at a time, and says when one does not exist", async () => {
		const server = await started("tokens", "node");
		const { page, complaints } = await visit(server);
		for (const question of ["First?", "Second?"]) {
			await page.getByLabel("Question").fill(question);
			await page.getByRole("button", { name: "Ask" }).click();
			await page.getByText(`${question} I count to 1000: 1 2 3 4 5 `).waitFor();
		}
		await page.getByRole("button", { name: "Stop" }).click();
		await page.getByText("cancelled", { exact: true }).waitFor();
		const answer = await page.locator("#answer").textContent();
		expect(answer).toMatch(/^You asked: Second\? I count to 1000: {2}?1 2 3 4 5 [ \d]*$/);
		await page.goBack();
		await page.getByText("You asked: First?").waitFor();
		expect(complaints).toEqual([]);
		await page.goto(`${server.url}/#unknown`);
		await page.getByText("There is no such answer.").waitFor();
	});

	test("chat: two tabs see messages and members, also after a reload", async () => {
		const server = await started("chat", "node");
		const tabs = [await visit(server), await visit(server)];
		for (const [n, { page }] of tabs.entries()) {
			await page.getByLabel("Name").fill(["ann", "bob"][n] ?? "");
			await page.getByRole("button", { name: "Enter" }).click();
		}
		for (const { page } of tabs) await page.getByText("ann, bob").waitFor();
		await tabs[0]?.page.getByLabel("Message").fill("Hello!");
		await tabs[0]?.page.getByRole("button", { name: "Say" }).click();
		for (const { page } of tabs) await page.getByText("ann: Hello!").waitFor();
		// Ann need not enter again, so she is back before the others hear that she left.
		await tabs[0]?.page.reload();
		await tabs[0]?.page.getByText("ann: Hello!").waitFor();
		await tabs[0]?.page.getByText("ann, bob").waitFor();
		await tabs[1]?.page.close();
		await tabs[0]?.page.getByText("ann", { exact: true }).waitFor();
		expect(tabs.flatMap(({ complaints }) => complaints)).toEqual([]);
	});

	test("from-pusher: the page hears its channel through the client without a bundler", async () => {
		const env = { SSE_JWT_SECRET: "0123456789abcdef0123456789abcdef" };
		const server = await started("from-pusher", "node", env);
		const { page, complaints } = await visit(server);
		await page.context().addCookies([{ name: "user", value: "ann", url: server.url }]);
		await page.reload();
		await page.getByText("open", { exact: true }).waitFor();
		const trigger = {
			channels: "private.ann.inbox",
			event: "greeting",
			data: { message: "Hi, Ann!" },
		};
		await call(`${server.url}/trigger`, post(JSON.stringify(trigger)));
		await page.getByText("Hi, Ann!").waitFor();
		expect(complaints).toEqual([]);
	});
});
