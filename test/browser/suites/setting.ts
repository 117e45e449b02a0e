import type { TestContext } from "vitest";
import { openScene, openTab, type Scene, type SceneOptions } from "../client-scene.ts";
import type { Engine, EngineTab, Look, OpenBrowser } from "../engines/engine.ts";

/** What a suite runs in: one browser, whose tabs end with the test that opened them. */
export class Setting {
	readonly engine: Engine;
	/** Whether slow tests that mostly wait take part. One engine is enough for what only the client does. */
	readonly long: boolean;
	readonly look: Look | undefined;
	#browser: OpenBrowser | undefined;

	constructor(engine: Engine, long: boolean, look?: Look) {
		this.engine = engine;
		this.long = long;
		this.look = look;
	}

	async start(): Promise<void> {
		this.#browser = await this.engine.open(this.look);
	}

	async end(): Promise<void> {
		await this.#browser?.close();
	}

	async newPage({ onTestFinished }: TestContext): Promise<EngineTab> {
		const tab = await this.#opened.newPage();
		let open = true;
		const close = async () => {
			if (open) await tab.close();
			open = false;
		};
		onTestFinished(close);
		return { ...tab, close };
	}

	/** A tab that is in front. It stays until the end. */
	newWindow(): Promise<EngineTab> {
		return this.#opened.newWindow();
	}

	get #opened(): OpenBrowser {
		if (this.#browser === undefined) throw new Error(`${this.engine.name} was not started.`);
		return this.#browser;
	}

	/** A hub that only this test uses. */
	async openScene({ onTestFinished }: TestContext, options?: SceneOptions): Promise<Scene> {
		const scene = await openScene(options);
		onTestFinished(() => scene.close());
		return scene;
	}

	/** A hub that only this test uses, and a tab of its page. */
	async openOne(
		test: TestContext,
		options?: SceneOptions,
	): Promise<{ scene: Scene; tab: EngineTab }> {
		const scene = await this.openScene(test, options);
		return { scene, tab: await this.openTab(test, scene) };
	}

	openTab(test: TestContext, scene: Scene, query?: string): Promise<EngineTab> {
		return openTab({ newPage: () => this.newPage(test) }, scene, query);
	}
}
