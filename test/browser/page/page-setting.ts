import type { TestContext } from "vitest";
import { type Server, type ServerOptions, startServer } from "../../support/server.ts";
import type { Engine, Look } from "../engines/engine.ts";
import { Setting } from "../suites/setting.ts";
import { HubPage } from "./hub-page.ts";

/** What the suites of the hub's page use: a browser, and a hub with a broker in memory. */
export class PageSetting extends Setting {
	#hub: Server | undefined;
	#shared: Promise<HubPage> | undefined;

	override readonly look: Look;

	constructor(engine: Engine, long: boolean, look: Look) {
		super(engine, long, look);
		this.look = look;
	}

	override async start(): Promise<void> {
		[this.#hub] = await Promise.all([startServer("node"), super.start()]);
	}

	override async end(): Promise<void> {
		await Promise.all([this.#hub?.kill(), super.end()]);
	}

	get hub(): Server {
		if (this.#hub === undefined) throw new Error("There is no hub before the suite's tests run.");
		return this.#hub;
	}

	/** A hub that only this test uses. */
	async startHub(test: TestContext, env: ServerOptions["env"] = {}): Promise<Server> {
		const hub = await startServer("node", { env });
		test.onTestFinished(() => hub.kill());
		return hub;
	}

	/** The page with a token, opened by the address that the hub printed. All tests share one window. */
	async open({ url, token }: Address, channel: string): Promise<HubPage> {
		const page = await this.#page();
		await page.leave();
		const fragment = token === undefined ? "" : `#token=${encodeURIComponent(token)}`;
		await page.goto(`${url}/?channel=${channel}${fragment}`);
		return page;
	}

	async #page(): Promise<HubPage> {
		this.#shared ??= HubPage.of(await this.newWindow());
		const page = await this.#shared;
		await page.tab.resize(...wide);
		return page;
	}

	/** The same, listening. */
	async visit(hub: Address, channel: string): Promise<HubPage> {
		const page = await this.open(hub, channel);
		await page.state("open");
		return page;
	}
}

/** Sizes of windows, in CSS pixels. */
export const wide = [1280, 860] as const;
export const narrow = [390, 844] as const;

interface Address {
	readonly url: string;
	readonly token?: string | undefined;
}
