import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firefoxPath } from "../../../scripts/tools.ts";
import { atExit } from "../../support/at-exit.ts";
import { Bidi } from "./bidi.ts";
import { type Engine, type EngineTab, keyActions, type Look, type OpenBrowser } from "./engine.ts";
import { ProcessGroup, TabProcess } from "./processes.ts";

/** Firefox, headless, by WebDriver BiDi. It sets what automation needs by itself. */
export const firefox: Engine = { name: "Firefox", has: new Set(["killing", "stopping"]), open };

const preferences = {
	// Our tabs show JSON as text. Firefox's viewer would replace the page.
	"devtools.jsonview.enabled": false,
	// One process for each tab, which can be killed alone, and is identified by when it started.
	"dom.ipc.processCount.webIsolated": 100,
	"dom.ipc.processPrelaunch.enabled": false,
	"dom.ipc.keepProcessesAlive.web": 0,
	// Network requests that it would make before automation is set up.
	"app.normandy.enabled": false,
	"browser.safebrowsing.blockedURIs.enabled": false,
	"browser.safebrowsing.malware.enabled": false,
	"browser.safebrowsing.phishing.enabled": false,
	"extensions.installDistroAddons": false,
	"network.captive-portal-service.enabled": false,
	"network.connectivity-service.enabled": false,
	"services.settings.server": "data:,",
	"toolkit.telemetry.server": "data:,",
};

async function open({ colorScheme = "light" }: Partial<Look> = {}): Promise<OpenBrowser> {
	const profile = mkdtempSync(join(tmpdir(), "edge-sse-firefox-"));
	const remove = () => rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
	atExit(remove);
	const scheme = {
		"layout.css.prefers-color-scheme.content-override": colorScheme === "dark" ? 0 : 1,
	};
	const lines = Object.entries({ ...preferences, ...scheme }).map(
		([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
	);
	writeFileSync(join(profile, "user.js"), lines.join("\n"));
	const processes = new ProcessGroup("Firefox", firefoxPath(), [
		...["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"],
		"about:blank",
	]);
	const address = await processes.says(/listening on (ws:\S+)/);
	const bidi = await Bidi.open(`${address}/session`);
	await bidi.send("session.new", { capabilities: {} });
	const newPage = () => newTab(bidi, processes);
	return {
		...{ newPage, newWindow: newPage },
		close: async () => {
			await processes.end();
			remove();
		},
	};
}

interface Evaluated {
	result: { value?: string };
	exceptionDetails?: { text: string };
}

async function newTab(bidi: Bidi, processes: ProcessGroup): Promise<EngineTab> {
	const own = new TabProcess(processes, contentProcess);
	const { context } = await bidi.inTurn<{ context: string }>("browsingContext.create", {
		type: "tab",
	});
	const read = async <T>(expression: string): Promise<T> => {
		const { result, exceptionDetails } = await bidi.send<Evaluated>("script.evaluate", {
			expression: `(async () => JSON.stringify([await (${expression})]))()`,
			target: { context },
			awaitPromise: true,
		});
		if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
		return JSON.parse(result.value ?? "[]")[0];
	};
	return {
		goto: async (url) => {
			await bidi.inTurn("browsingContext.navigate", { context, url, wait: "complete" });
			own.find();
		},
		evaluate: (expression) => read(`(0, eval)(${JSON.stringify(expression)})`),
		read,
		watch: async (script) => {
			const functionDeclaration = `() => { ${script} }`;
			await bidi.send("script.addPreloadScript", { functionDeclaration, contexts: [context] });
		},
		press: async (key) => {
			await bidi.send("input.performActions", { context, actions: keyActions(key) });
		},
		resize: async (width, height) => {
			const viewport = { width, height };
			await bidi.send("browsingContext.setViewport", { context, viewport });
		},
		screenshot: async () => {
			const shot = await bidi.send<{ data: string }>("browsingContext.captureScreenshot", {
				context,
			});
			return Buffer.from(shot.data, "base64");
		},
		goBack: () => bidi.send("browsingContext.traverseHistory", { context, delta: -1 }),
		close: () => bidi.inTurn("browsingContext.close", { context }),
		kill: () => own.signal("SIGKILL"),
		// Firefox cannot freeze a tab on demand.
		freeze: () => own.signal("SIGSTOP"),
		thaw: () => own.signal("SIGCONT"),
	};
}

const contentProcess = / tab\0/;
