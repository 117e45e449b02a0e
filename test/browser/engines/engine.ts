/** What the suites ask of a browser, whichever engine it has. One file beside this one drives each. */

/** A tab, as far as every engine has one. A page of Playwright is one as well. */
export interface Tab {
	goto(url: string): Promise<unknown>;
	/** What an expression is in the page, or what its promise becomes. It passes as JSON. */
	evaluate<T>(expression: string): Promise<T>;
	goBack(): Promise<unknown>;
	close(): Promise<void>;
}

/** Tabs that know of each other: they have storage, locks and caches in common. */
export interface Profile<T extends Tab = Tab> {
	newPage(): Promise<T>;
}

/** A tab that can be broken, where the engine has a way. */
export interface EngineTab extends Tab {
	/** Ends its process, as a crash does. */
	kill(): Promise<void>;
	/** Freezes it, or stops its process. */
	freeze(): Promise<void>;
	thaw(): Promise<void>;
}

export interface OpenBrowser extends Profile<EngineTab> {
	/** Ends all that was started for it. */
	close(): Promise<void>;
}

export interface Engine {
	readonly name: "Chromium" | "Firefox" | "WebKit";
	/** What the suites may ask of it beyond what every engine does; docs/support.md says why. */
	readonly has: ReadonlySet<Ability>;
	open(): Promise<OpenBrowser>;
}

export type Ability =
	/** A tab's process can be ended, and the others go on. */
	| "killing"
	/** Its tabs can be frozen, and thawed, as browsers do it to tabs in the background. */
	| "freezing"
	/** A tab's process can be stopped, and goes on. */
	| "stopping"
	/** A request that is waited for keeps a page from all else. */
	| "hanging"
	/** U+0000 in an event reaches the page. */
	| "U+0000"
	/** An id without data is one to come back with, as the standard says. */
	| "an id without data"
	/** A tab that goes back finds the client's page as it left it. */
	| "back/forward cache";

/** For a way that the engine has not, which no suite may ask for. */
export function lacks(what: Ability): () => Promise<never> {
	return async () => {
		throw new Error(`This engine is not known for ${what}.`);
	};
}
