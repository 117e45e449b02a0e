import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installed, install, libraries } from "../package/installed.ts";
import { replaced, shell, start } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import { requests, withClass, withInstance } from "./preambles.ts";
import { snippet } from "./snippets.ts";

/** Runs snippets of docs/ that can run by themselves, and checks what the text around them says. */

let installed: Installed;
beforeAll(async () => {
	installed = await install([...libraries, "hono"]);
});
afterAll(() => installed.remove());

/** The output of a program that must exit with 0. */
async function printed(before: string, code: string, after: string, env = {}): Promise<string> {
	// A block of its own, because the snippet may have used any name.
	const look = `{ ${requests} ${after} }`;
	const program = await start(installed.folder, { before, code, after: look, env });
	expect(await program.ended(), program.output).toBe(0);
	return program.output;
}

const secret = "0123456789abcdef0123456789abcdef";

test("access.md: a page gets a token and opens the stream with it", async () => {
	const output = await printed(
		`${withClass} const userOf = async () => ({ id: "42" });`,
		snippet("docs/access.md", 'app.get("/token"').code,
		`const token = await (await app.request("/token")).text();
		const none = await get("/stream?channel=news");
		const wrong = await get("/stream?channel=users.7.inbox&token=" + token);
		const right = await get("/stream?channel=users.42.inbox&token=" + token);
		console.log(none.status, wrong.status, right.status);
		await right.body.cancel(); await sse.close();`,
		{ SSE_JWT_SECRET: secret },
	);
	expect(output).toBe("401 403 200\n");
});

test("access.md: publishing needs the right token", async () => {
	const output = await printed(
		`${withInstance} import { signChannels } from "edge-sse/auth";
		const secret = "${secret}";`,
		snippet("docs/access.md", "jwtPublishAuthorizer").code,
		`const token = await signChannels([], { secret, publish: ["news"] });
		const init = (headers) => ({ method: "POST", body: '"hello"', headers });
		const authorization = "Bearer " + token;
		console.log(
			(await get("/publish/news", init({}))).status,
			(await get("/publish/other", init({ authorization }))).status,
			await (await app.request("/publish/news", init({ authorization }))).text(),
		);`,
	);
	expect(output).toBe('401 403 {"receivers":0}\n');
});

test("access.md: the cookie that a login sets opens the stream", async () => {
	const output = await printed(
		`${withClass} import { jwtAuthorizer, signChannels } from "edge-sse/auth";
		const secret = "${secret}";`,
		snippet("docs/access.md", "__Host-sse").code,
		`const login = await get("/login", { method: "POST" });
		const cookie = login.headers.get("set-cookie").split(";")[0];
		const sse = new ServerSentEvents({ connector, authorize });
		const request = (headers) => new Request("http://localhost/?channel=news", { headers });
		const [none, right] = [await sse.fetch(request({})), await sse.fetch(request({ cookie }))];
		console.log(none.status, right.status);
		await sse.close();`,
	);
	expect(output).toBe("401 200\n");
});

test("access.md: middleware refuses a channel to anyone but staff", async () => {
	const output = await printed(
		`${withInstance} const isStaff = async (request) => request.headers.has("x-staff");`,
		snippet("docs/access.md", 'app.use("/stream"').code,
		`const audit = (headers) => get("/stream?channel=news&channel=audit", { headers });
		const [guest, staff] = [await audit({}), await audit({ "x-staff": "1" })];
		console.log(guest.status, staff.status, (await get("/stream")).status);
		await sse.close();`,
	);
	expect(output).toBe("403 200 200\n");
});

test("access.md: the three lines for the hub work", async (t) => {
	const { code } = snippet("docs/access.md", "SSE_PUBLIC_CHANNELS=news npm start");
	const [start = "", open = "", closed = ""] = code.split("\n");
	const variables = shell(`${start.replace("npm start", "env")} | grep ^SSE_`);
	await variables.ended();
	const env = Object.fromEntries(variables.output.trim().split("\n").map(pair));
	expect(Object.keys(env).sort()).toEqual(["SSE_JWT_SECRET", "SSE_PUBLIC_CHANNELS"]);
	const hub = await startServer("node", { env });
	t.onTestFinished(() => hub.kill());
	const local = (line: string) => replaced(line, "http://127.0.0.1:8787", hub.url);
	await shell(local(open)).says(":");
	const refused = shell(local(closed), { TOKEN: "none" });
	await refused.says("error");
	expect(await refused.ended()).toBe(0);
});

test.each([
	["a hand-written endpoint", 'channel: "news", host', "/events", "news"],
	["streamSSE", "// anywhere in your code", "/events/7", "room.7"],
])("migrating.md: the new code of %s streams what is published", async (_, text, path, channel) => {
	const { code } = snippet("docs/migrating.md", text);
	const output = await printed(
		`${withInstance} const message = "unheard", room = "7";`,
		code,
		`const stream = await get("${path}");
		await sse.publish("heard", { type: "update", channel: "${channel}" });
		console.log(JSON.stringify(await event(stream)));
		await sse.close();`,
	);
	expect(JSON.parse(output)).toBe("event:update\ndata:heard\n\n");
});

test("operations.md: hooks are called for a client, and a drain ends its stream", async () => {
	const hooks = snippet("docs/operations.md", "onDisconnect").code;
	const close = snippet("docs/operations.md", "drain").code;
	const output = await printed(
		`${withClass} const log = { info: ({ channels, reason }) => console.log(channels, reason) };`,
		hooks,
		`const { body } = await sse.fetch(new Request("http://localhost/?channel=a"));
		const end = Array.fromAsync(body);
		${replaced(close, "10_000", "20")}
		console.log(/retry:\\d+/.test(Buffer.concat(await end).toString()));`,
	);
	expect(output).toBe("[ 'a' ] undefined\nundefined closed\ntrue\n");
});

function pair(line: string): [name: string, value: string] {
	const at = line.indexOf("=");
	return [line.slice(0, at), line.slice(at + 1)];
}
