import { webKitDriverPath, xvfbPath } from "../../../scripts/tools.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/wait.ts";
import {
	type Engine,
	type EngineTab,
	keyActions,
	type Look,
	lacks,
	type OpenBrowser,
} from "./engine.ts";
import { ProcessGroup, TabProcess } from "./processes.ts";
import { WebDriverSession } from "./webdriver.ts";

/** WebKitGTK's own small browser, on a virtual display, by W3C WebDriver. */
export const webkit: Engine = {
	name: "WebKit",
	has: new Set(["stopping", "U+0000", "back/forward cache"]),
	open,
};

async function open({ colorScheme }: Partial<Look> = {}): Promise<OpenBrowser> {
	// It picks a free display and prints its number, after messages about those that are taken.
	const display = new ProcessGroup("Xvfb", xvfbPath(), [
		...["-displayfd", "3", "-nolisten", "tcp", "-screen", "0", "1024x768x24"],
	]);
	const env = {
		DISPLAY: `:${await display.says(/^(\d+)\n/m)}`,
		...(colorScheme === "dark" && { GTK_THEME: "Adwaita:dark" }),
	};
	const port = await freePort();
	const driver = new ProcessGroup("WebKitWebDriver", webKitDriverPath(), [`--port=${port}`], env);
	const url = `http://127.0.0.1:${port}`;
	await until(() => answers(`${url}/status`), { what: "WebKitWebDriver answers" });
	const session = await WebDriverSession.open(url);
	// New tabs are opened from one that stays.
	const first = await session.get<string>("window");
	return {
		newPage: () => newTab(session, first, driver, "tab"),
		// A new tab opens behind the current one, and is hidden.
		newWindow: () => newTab(session, first, driver, "window"),
		close: async () => {
			await driver.end();
			await display.end();
		},
	};
}

function answers(url: string): Promise<boolean> {
	return fetch(url).then(
		({ ok }) => ok,
		() => false,
	);
}

// Exceptions are returned as values: the driver reports only the kind of an error.
const told = `.then(
	(value) => done({ json: JSON.stringify([value]) }),
	(error) => done({ error: String(error) }),
);`;
const evaluate = `const [expression, done] = arguments; Promise.resolve(expression).then(eval)${told}`;

async function newTab(
	session: WebDriverSession,
	first: string,
	driver: ProcessGroup,
	type: "tab" | "window",
): Promise<EngineTab> {
	const own = new TabProcess(driver, /WebKitWebProcess/);
	const { handle } = await session.inWindow<{ handle: string }>(first, "window/new", { type });
	const run = async <T>(script: string, ...args: string[]): Promise<T> => {
		type Told = { json?: string; error?: string };
		const { json = "[]", error } = await session.inWindow<Told>(handle, "execute/async", {
			...{ script, args },
		});
		if (error !== undefined) throw new Error(error);
		return JSON.parse(json)[0];
	};
	const read = <T>(expression: string) =>
		run<T>(`const [done] = arguments; (async () => (${expression}))()${told}`);
	const watchers: string[] = [];
	return {
		goto: async (url) => {
			await session.inWindow(handle, "url", { url });
			own.find();
			for (const script of watchers) await read(`(() => { ${script} })()`);
		},
		evaluate: (expression) => run(evaluate, expression),
		read,
		watch: async (script) => {
			watchers.push(script);
		},
		press: (key) => session.inWindow(handle, "actions", { actions: keyActions(key) }),
		resize: async (width, height) => {
			// The window has a border and bars of its own.
			const extra = "[outerWidth - innerWidth, outerHeight - innerHeight]";
			const [right, bottom] = await read<[number, number]>(extra);
			const rect = { width: width + right, height: height + bottom };
			await session.inWindow(handle, "window/rect", rect);
		},
		screenshot: async () =>
			Buffer.from(await session.readInWindow<string>(handle, "screenshot"), "base64"),
		goBack: () => session.inWindow(handle, "back"),
		close: () => session.closeWindow(handle),
		// The driver ends the whole session when the process of one tab ends.
		kill: lacks("killing"),
		// A page's synchronous request ends after 10 s here, too soon for the others to take over.
		freeze: () => own.signal("SIGSTOP"),
		thaw: () => own.signal("SIGCONT"),
	};
}
