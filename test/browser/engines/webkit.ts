import { webKitDriverPath, xvfbPath } from "../../../scripts/tools.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/wait.ts";
import { type Engine, type EngineTab, lacks, type OpenBrowser } from "./engine.ts";
import { ProcessGroup, TabProcess } from "./processes.ts";
import { WebDriverSession } from "./webdriver.ts";

/** WebKitGTK's own small browser, on a display that nobody sees, by W3C WebDriver. */
export const webkit: Engine = {
	name: "WebKit",
	has: new Set(["stopping", "U+0000", "back/forward cache"]),
	open,
};

async function open(): Promise<OpenBrowser> {
	// It picks a free display and prints its number, after complaints about those that are taken.
	const display = new ProcessGroup("Xvfb", xvfbPath(), [
		...["-displayfd", "3", "-nolisten", "tcp", "-screen", "0", "1024x768x24"],
	]);
	const env = { DISPLAY: `:${await display.says(/^(\d+)\n/m)}` };
	const port = await freePort();
	const driver = new ProcessGroup("WebKitWebDriver", webKitDriverPath(), [`--port=${port}`], env);
	const url = `http://127.0.0.1:${port}`;
	await until(() => answers(`${url}/status`), { what: "WebKitWebDriver answers" });
	const session = await WebDriverSession.open(url);
	// New tabs come from one that stays.
	const first = await session.get<string>("window");
	return {
		newPage: () => newTab(session, first, driver),
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

// What it throws is a value, too: the driver tells errors by their kind alone.
const evaluate = `const [expression, done] = arguments;
	Promise.resolve(expression).then(eval).then(
		(value) => done({ json: JSON.stringify([value]) }),
		(error) => done({ error: String(error) }),
	);`;

async function newTab(
	session: WebDriverSession,
	first: string,
	driver: ProcessGroup,
): Promise<EngineTab> {
	const own = new TabProcess(driver, /WebKitWebProcess/);
	const { handle } = await session.inWindow<{ handle: string }>(first, "window/new", {
		type: "tab",
	});
	return {
		goto: async (url) => {
			await session.inWindow(handle, "url", { url });
			own.find();
		},
		evaluate: async <T>(expression: string): Promise<T> => {
			const { json = "[]", error } = await session.inWindow<{ json?: string; error?: string }>(
				handle,
				"execute/async",
				{ script: evaluate, args: [expression] },
			);
			if (error !== undefined) throw new Error(error);
			return JSON.parse(json)[0];
		},
		goBack: () => session.inWindow(handle, "back"),
		close: () => session.closeWindow(handle),
		// With the process of one tab the driver ends the whole session.
		kill: lacks("killing"),
		// A request that a page waits for ends after 10 s here, too soon for the others to take over.
		freeze: () => own.signal("SIGSTOP"),
		thaw: () => own.signal("SIGCONT"),
	};
}
