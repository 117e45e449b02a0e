import { expect } from "vitest";
import { patience, until } from "../../support/wait.ts";
import type { EngineTab, Key } from "../engines/engine.ts";

/**
 * The hub's page in a tab of any engine, as a user sees it. It finds by selectors, and waits for what it uses.
 */
export class HubPage {
	readonly tab: EngineTab;

	private constructor(tab: EngineTab) {
		this.tab = tab;
	}

	static async of(tab: EngineTab): Promise<HubPage> {
		await tab.watch(watch);
		return new HubPage(tab);
	}

	goto(url: string): Promise<unknown> {
		return this.tab.goto(url);
	}

	/** Forgets the page that is there, and its token. */
	async leave(): Promise<void> {
		await this.read("location.protocol === 'http:' && sessionStorage.clear()");
		await this.goto("about:blank");
	}

	read<T>(expression: string): Promise<T> {
		return this.tab.read<T>(expression);
	}

	/** Waits until an expression is true. */
	async until(condition: string, what: string = condition): Promise<void> {
		try {
			await until(() => this.read<boolean>(condition), { what, every: 20 });
		} catch (cause) {
			const text = await this.read<string>("document.body.innerText").catch(String);
			throw new Error(`${(cause as Error).message}\n${text}`, { cause });
		}
	}

	/** Waits until the value matches. */
	async becomes(read: () => Promise<unknown>, expected: unknown): Promise<void> {
		await expect.poll(read, { timeout: patience }).toEqual(expected);
	}

	state(name: string): Promise<void> {
		return this.until(`document.body.dataset.state === ${JSON.stringify(name)}`, `state ${name}`);
	}

	/** What everybody sees of it. */
	text(selector: string): Promise<string> {
		return this.read(`${one(selector)}.innerText`);
	}

	texts(selector: string): Promise<string[]> {
		return this.read(`${all(selector)}.map((node) => node.innerText)`);
	}

	attribute(selector: string, name: string): Promise<string | null> {
		return this.read(`${one(selector)}.getAttribute(${JSON.stringify(name)})`);
	}

	count(selector: string): Promise<number> {
		return this.read(`${all(selector)}.length`);
	}

	isVisible(selector: string): Promise<boolean> {
		return this.read(`${one(selector)}?.checkVisibility() === true`);
	}

	/** Waits for at least this many elements. */
	has(selector: string, count = 1): Promise<void> {
		return this.until(`${all(selector)}.length >= ${count}`, `${count} of ${selector}`);
	}

	/** Waits for an element whose text contains this. */
	shows(selector: string, text: string): Promise<void> {
		const isThere = `(node) => node.textContent.includes(${JSON.stringify(text)})`;
		return this.until(`${all(selector)}.some(${isThere})`, `${selector} with ${text}`);
	}

	/** Puts a text into a field, and leaves it. */
	async fill(selector: string, text: string): Promise<void> {
		await this.#ready(selector);
		await this.read(`((field) => {
			field.value = ${JSON.stringify(text)};
			for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
		})(${one(selector)})`);
	}

	async click(selector: string): Promise<void> {
		await this.#ready(selector);
		await this.read(`${one(selector)}.click()`);
	}

	async focus(selector: string): Promise<void> {
		await this.#ready(selector);
		await this.read(`${one(selector)}.focus()`);
	}

	/** Presses a key, and returns what has the focus then: its id or its text. */
	async press(key: Key): Promise<string> {
		await this.tab.press(key);
		return this.focused();
	}

	focused(): Promise<string> {
		return this.read(
			`((node) => node.id || node.getAttribute("aria-label") || node.textContent.trim())(document.activeElement)`,
		);
	}

	/** The hub's answer to the last publish. */
	async published(): Promise<string> {
		await this.has("#publish-result[data-ok]");
		return this.text("#publish-result");
	}

	/** By how many pixels the page is wider than its window. */
	overflow(): Promise<number> {
		return this.read("document.documentElement.scrollWidth - document.documentElement.clientWidth");
	}

	/** Paths that the page requested, in the order in which the answers ended. */
	asked(): Promise<string[]> {
		return this.read(`performance.getEntriesByType("resource")
			.map(({ name }) => name.slice(location.origin.length))`);
	}

	/** Errors and warnings, uncaught exceptions, and violations of the policy. */
	complaints(): Promise<string[]> {
		return this.read("window.complaints");
	}

	#ready(selector: string): Promise<void> {
		const isReady = "(node) => node?.checkVisibility() && !node.disabled";
		return this.until(`(${isReady})(${one(selector)}) === true`, `${selector} can be used`);
	}
}

const one = (selector: string) => `document.querySelector(${JSON.stringify(selector)})`;
const all = (selector: string) => `[...document.querySelectorAll(${JSON.stringify(selector)})]`;

const watch = `if (window.complaints === undefined) {
	window.complaints = [];
	const complain = (text) => { complaints.push(text); };
	addEventListener("error", ({ message }) => complain("Error: " + message));
	addEventListener("unhandledrejection", ({ reason }) => complain("Rejection: " + reason));
	addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
		// Firefox and WebKit ask for an icon by themselves, and the page has none.
		if (blockedURI.endsWith("/favicon.ico")) return;
		complain("Policy violation: " + violatedDirective + " " + blockedURI);
	});
	for (const level of ["error", "warn"]) {
		const own = console[level];
		console[level] = (...args) => { complain(args.join(" ")); own.apply(console, args); };
	}
}`;
