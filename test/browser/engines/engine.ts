/** What the suites need of a browser of any engine. One file beside this one drives each. */

/** A tab, as every engine has one. A page of Playwright has the same methods. */
export interface Tab {
	goto(url: string): Promise<unknown>;
	/** The value of an expression in the page, or of its promise. It passes as JSON. */
	evaluate<T>(expression: string): Promise<T>;
	goBack(): Promise<unknown>;
	close(): Promise<void>;
}

/** Tabs of one profile: they share storage, locks and caches. */
export interface Profile<T extends Tab = Tab> {
	newPage(): Promise<T>;
}

/** A tab that is in front. */
export interface SeenTab extends Tab {
	/** The same as `evaluate`, for an expression alone, also where the page's policy forbids `eval`. */
	read<T>(expression: string): Promise<T>;
	/** Runs this in each new page: before its own scripts, or as soon as the engine can. */
	watch(script: string): Promise<void>;
	/** Presses a key of the keyboard. */
	press(key: Key): Promise<void>;
	/** Sets the page's size, in CSS pixels, or the smallest that the engine's windows have. */
	resize(width: number, height: number): Promise<void>;
	/** A screenshot, as a PNG. */
	screenshot(): Promise<Buffer>;
}

/** Keys, by the code points that WebDriver has for them. */
export const keys = { Tab: "\uE004", Enter: "\uE007", Space: " " } as const;
export type Key = keyof typeof keys;

/** A key that goes down and up, for WebDriver and WebDriver BiDi. */
export const keyActions = (key: Key) => [
	{
		...{ type: "key", id: "keyboard" },
		actions: ["keyDown", "keyUp"].map((type) => ({ type, value: keys[key] })),
	},
];

/** A tab that can be broken, where the engine has a way. */
export interface EngineTab extends SeenTab {
	/** Ends its process, as a crash does. */
	kill(): Promise<void>;
	/** Freezes it, or stops its process. */
	freeze(): Promise<void>;
	thaw(): Promise<void>;
}

export interface OpenBrowser extends Profile<EngineTab> {
	/** A tab that is in front, and drawn, until the next one opens. */
	newWindow(): Promise<EngineTab>;
	/** Ends all that was started for it. */
	close(): Promise<void>;
}

/** Settings of the user for all pages. */
export interface Look {
	readonly colorScheme: "light" | "dark";
}

export interface Engine {
	readonly name: "Chromium" | "Firefox" | "WebKit";
	/** What some engines do beyond the rest; docs/support.md says why. */
	readonly has: ReadonlySet<Ability>;
	open(look?: Look): Promise<OpenBrowser>;
}

export type Ability =
	/** A tab's process can be ended, and the others go on. */
	| "killing"
	/** Its tabs can be frozen, and thawed, as browsers do it to tabs in the background. */
	| "freezing"
	/** A tab's process can be stopped, and goes on. */
	| "stopping"
	/** A pending synchronous request blocks a page. */
	| "hanging"
	/** U+0000 in an event reaches the page. */
	| "U+0000"
	/** An id without data becomes the last id, as the standard says. */
	| "an id without data"
	/** A tab that goes back finds the client's page as it left it. */
	| "back/forward cache";

/** For a method that the engine does not have, which no suite may call. */
export function lacks(what: Ability): () => Promise<never> {
	return async () => {
		throw new Error(`This engine is not known for ${what}.`);
	};
}
